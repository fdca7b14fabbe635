// DER as X.690 writes it, and nothing else.
#include <gtest/gtest.h>

#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::x509::der {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

TEST(DerReader, TakesOneElementAfterTheOther) {
  const Bytes bytes = hex("020105 0c0161");
  Reader reader(bytes);
  EXPECT_EQ(to_hex(reader.next(tag::integer)->content), "05");
  EXPECT_FALSE(reader.next(tag::integer));
  EXPECT_EQ(to_hex(reader.next(tag::utf8_string)->whole), "0c0161");
  EXPECT_TRUE(reader.at_end());
}

TEST(DerReader, RefusesWhatIsNotDer) {
  for (const char* const bad : {
           "",              // nothing
           "30",            // no length
           "3080 0000",     // indefinite length
           "0281 01 05",    // a length that fits the short form
           "028200 01 05",  // leading zero in the length
           "0202 05",       // content cut off
           "1f2101 05",     // high tag number
           "0285 0100000000",
       }) {
    const Bytes bytes = hex(bad);
    Reader reader(bytes);
    EXPECT_FALSE(reader.next()) << bad;
    EXPECT_EQ(reader.rest().size(), bytes.size());
  }
}

TEST(DerReader, LooksIntoTheInnermostElement) {
  EXPECT_TRUE(well_formed(hex("3007 3005 020105 0500")));
  EXPECT_FALSE(well_formed(hex("3004 3002 0205")));
  EXPECT_TRUE(well_formed({}));
  // As deep as a bounded input can be: no recursion that could end the stack.
  Bytes deep;
  for (int i = 0; i < 20000; ++i) deep = element(tag::sequence, deep);
  EXPECT_TRUE(well_formed(deep));
}

TEST(DerReader, WritesObjectIdentifiersOut) {
  EXPECT_EQ(oid_text(hex("2a864886f70d01010b")), "1.2.840.113549.1.1.11");
  EXPECT_EQ(oid_text(hex("551d13")), "2.5.29.19");
  EXPECT_EQ(oid_text(hex("8837")), "2.999");
  EXPECT_FALSE(oid_text(hex("55801d")));  // not the shortest
  EXPECT_FALSE(oid_text(hex("5583")));    // cut off
  EXPECT_FALSE(oid_text({}));
}

TEST(DerWriter, TakesTheShortestLength) {
  EXPECT_EQ(to_hex(element(tag::octet_string, Bytes(127))).substr(0, 4), "047f");
  EXPECT_EQ(to_hex(element(tag::octet_string, Bytes(128))).substr(0, 6), "048180");
  EXPECT_EQ(to_hex(element(tag::octet_string, Bytes(256))).substr(0, 8), "04820100");
}

TEST(DerWriter, WritesIntegersBitsAndIdentifiers) {
  EXPECT_EQ(to_hex(unsigned_integer(0)), "020100");
  EXPECT_EQ(to_hex(unsigned_integer(128)), "02020080");
  EXPECT_EQ(to_hex(unsigned_integer(65537)), "0203010001");
  EXPECT_EQ(to_hex(named_bits(0x01)), "03020780");     // digitalSignature
  EXPECT_EQ(to_hex(named_bits(0x60)), "03020106");     // keyCertSign, cRLSign
  EXPECT_EQ(to_hex(named_bits(0x100)), "0303070080");  // decipherOnly
  EXPECT_EQ(to_hex(named_bits(0)), "030100");
  EXPECT_EQ(to_hex(object_identifier("2.5.29.56")), "0603551d38");
  EXPECT_EQ(to_hex(object_identifier("2.999")), "06028837");
  for (const char* const bad : {"", "1", "1.", "1..2", "1.x", ".1.2"})
    EXPECT_TRUE(object_identifier(bad).empty()) << bad;
}

TEST(DerWriter, ChangesTheTypeOfTimeWith2050) {
  EXPECT_EQ(as_text(time({2524607999})),
            "\x17\x0d"
            "491231235959Z");
  EXPECT_EQ(as_text(time({2524608000})),
            "\x18\x0f"
            "20500101000000Z");
  EXPECT_EQ(as_text(time({253402300799})),
            "\x18\x0f"
            "99991231235959Z");
  EXPECT_EQ(as_text(time({-631152001})),
            "\x18\x0f"
            "19491231235959Z");
  EXPECT_EQ(as_text(generalized_time({2524607999})),
            "\x18\x0f"
            "20491231235959Z");
}

}  // namespace
}  // namespace symbolon::x509::der
