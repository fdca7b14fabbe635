#include "revocation/crl_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "revocation/crl_parser.h"
#include "x509/pem.h"
#include "x509/testing/forge.h"

namespace symbolon::revocation {
namespace {

using x509::Certificate;
using x509::SerialNumber;
using x509::testing::forge;
using x509::testing::Forge;
using x509::testing::kNow;

struct Cas {
  Certificate good = forge().ca("crl-ca", "CRL CA");
  Certificate other_key = forge().ca("crl-ca-2", "CRL CA");
  Certificate no_sign =
      forge().certificate("crl-no-sign", "No CRL", "", R"("basic": {"ca": true}, "usage": ["key_cert_sign"])");
  Certificate rsa = forge().certificate("crl-rsa", "RSA CA", "", Forge::with(Forge::kCa, R"("key": "rsa2048")"));
};
const Cas& cas() {
  static const Cas cas;
  return cas;
}
std::vector<Certificate> all() { return {cas().good, cas().other_key, cas().no_sign, cas().rsa}; }

// A CRL of `issuer` around kNow; `more`: further members of the JSON object.
Bytes crl(std::string_view issuer, std::string_view more) {
  static_cast<void>(cas());
  const std::string dates =
      more.find("next_update") == std::string_view::npos
          ? fmt::format(R"("this_update": {}, "next_update": {},)", kNow.count - 60, kNow.count + 60)
          : std::string();
  return forge().make(fmt::format(R"({{"crl": true, "issuer": "{}", {} {}}})", issuer, dates, more));
}

std::string verdict(ByteView der) {
  const auto file = read_crl(der, all(), kNow);
  return file ? "good" : std::string(name(file.error().code));
}

// A source that gives no more than `most` octets at a time.
class Drips final : public OctetSource {
 public:
  Drips(ByteView octets, std::size_t most) : rest_(octets), most_(most) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t count = std::min({into.size(), rest_.size(), most_});
    std::ranges::copy(rest_.first(count), into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteView rest_;
  std::size_t most_;
};

Result<std::vector<CrlFile>> in_pieces(ByteView octets, std::size_t most) {
  Drips source(octets, most);
  return read_crls(source, all(), {.now = kNow});
}

SerialNumber serial(std::string_view hex) { return *SerialNumber::parse(hex); }

TEST(CrlReader, ReadsEntriesAndDates) {
  const Bytes der =
      crl("crl-ca", R"("number": 258, "revoked": [{"serial": "0a1b", "at": 1700000000, "reason": "keyCompromise"},
                                                          {"serial": "ff00000000000000000000000000000001", "at": 1700000001},
                                                          {"serial": "01", "at": 2600000000}])");
  const auto file = read_crl(der, all(), kNow);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->issuer, cas().good);
  EXPECT_EQ(file->this_update, kNow - Seconds{60});
  EXPECT_EQ(file->next_update, kNow + Seconds{60});
  EXPECT_EQ(file->number, (Bytes{1, 2}));
  EXPECT_TRUE(file->coverage.whole());
  EXPECT_EQ(file->entries.size(), 3U);
  EXPECT_EQ(file->entries.find(serial("0a1b")), UnixSeconds{1700000000});
  EXPECT_EQ(file->entries.find(serial("ff00000000000000000000000000000001")), UnixSeconds{1700000001});
  EXPECT_EQ(file->entries.find(serial("01")), UnixSeconds{2600000000});  // after 2049: GeneralizedTime
  EXPECT_FALSE(file->entries.find(serial("0a1c")));
}

TEST(CrlReader, ReadsAnEmptyList) { EXPECT_EQ(verdict(crl("crl-ca", R"("revoked": [])")), "good"); }

TEST(CrlReader, ReadsPem) {
  const std::string pem = x509::encode_pem("X509 CRL", crl("crl-ca", R"("revoked": [{"serial": "07", "at": 1}])"));
  EXPECT_EQ(verdict(as_bytes(pem)), "good");
  EXPECT_EQ(in_pieces(as_bytes("0 entries\n" + pem + cas().good.pem() + pem), 1)->size(), 2U);
  EXPECT_EQ(verdict(as_bytes(pem + pem)), "crl_malformed");
  EXPECT_EQ(verdict(as_bytes(cas().good.pem())), "pem_malformed");
}

TEST(CrlReader, FindsTheIssuerByNameAndKey) {
  const auto first = read_crl(crl("crl-ca", R"("aki": false)"), all(), kNow);
  const auto second = read_crl(crl("crl-ca-2", R"("aki": false)"), all(), kNow);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->issuer, cas().good);
  EXPECT_EQ(second->issuer, cas().other_key);
  EXPECT_NE(first->issuer_key, second->issuer_key);
}

TEST(CrlReader, RefusesWhatIsNotSignedByItsIssuer) {
  EXPECT_EQ(verdict(crl("crl-ca", R"("signed_by": "crl-rsa")")), "crl_bad_signature");
  EXPECT_EQ(read_crl(crl("crl-ca-2",
                         ""
                         R"("aki": true)"),
                     {cas().good}, kNow)
                .error()
                .code,
            Code::crl_bad_signature);
  EXPECT_EQ(verdict(crl("crl-rsa", R"("hash": "sha1")")), "crl_bad_signature");
  Bytes changed = crl("crl-ca", R"("revoked": [{"serial": "0a1b", "at": 1}])");
  const Bytes old_serial = {0x0a, 0x1b};
  const auto place = std::ranges::search(changed, old_serial).begin();
  ASSERT_NE(place, changed.end());
  *place = 0x0b;
  EXPECT_EQ(verdict(changed), "crl_bad_signature");
}

TEST(CrlReader, RefusesAnIssuerThatIsUnknownOrMayNotSign) {
  static_cast<void>(forge().ca("crl-stranger", "Stranger"));
  EXPECT_EQ(verdict(crl("crl-stranger", R"("number": 1)")), "crl_wrong_issuer");
  EXPECT_EQ(verdict(crl("crl-no-sign", R"("number": 1)")), "crl_issuer_may_not_sign");
}

TEST(CrlReader, HoldsTheDatesToTheSecond) {
  const auto dated = [](std::int64_t from, std::int64_t to) {
    return verdict(
        crl("crl-ca", fmt::format(R"("this_update": {}, "next_update": {})", kNow.count + from, kNow.count + to)));
  };
  EXPECT_EQ(dated(301, 400), "crl_not_yet_valid") << "clocks may differ by five minutes";
  EXPECT_EQ(dated(300, 400), "good");
  EXPECT_EQ(dated(-10, 0), "good");
  EXPECT_EQ(dated(-10, -1), "crl_stale");
}

std::string extension(std::string_view oid, bool critical, std::string_view value) {
  return fmt::format(R"("extensions": [{{"oid": "{}", "critical": {}, "value": "{}"}}])", oid, critical, value);
}

TEST(CrlReader, RefusesCriticalExtensionsThatItDoesNotKnow) {
  EXPECT_EQ(verdict(crl("crl-ca", extension("1.2.3.4", true, "0500"))), "crl_unknown_critical_extension");
  EXPECT_EQ(verdict(crl("crl-ca", extension("1.2.3.4", false, "0500"))), "good");
  const std::string entry = R"("revoked": [{"serial": "07", "at": 1, )" + extension("1.2.3.4", true, "0500") + "}]";
  EXPECT_EQ(verdict(crl("crl-ca", entry)), "crl_unknown_critical_extension");
}

TEST(CrlReader, RefusesACriticalNumber) {
  EXPECT_EQ(verdict(crl("crl-ca", extension("2.5.29.20", true, "020105"))), "crl_malformed");
  EXPECT_EQ(verdict(crl("crl-ca", extension("2.5.29.20", false, "020105"))), "good");
}

TEST(CrlReader, KnowsTheScopesOfAnIssuingDistributionPoint) {
  EXPECT_EQ(verdict(crl("crl-ca", extension("2.5.29.28", true, "30038401ff"))), "crl_indirect");
  EXPECT_EQ(verdict(crl("crl-ca", extension("2.5.29.28", true, "30038501ff"))), "crl_unknown_critical_extension");
  EXPECT_EQ(verdict(crl("crl-ca", extension("2.5.29.28", true, "30038601ff"))), "crl_malformed");
  const auto users = read_crl(crl("crl-ca", extension("2.5.29.28", true, "30038101ff")), all(), kNow);
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->coverage.users);
  EXPECT_FALSE(users->coverage.cas);
  const auto shard = read_crl(
      crl("crl-ca", extension("2.5.29.28", true, "3014a012a010860e687474703a2f2f782f632e63726c")), all(), kNow);
  ASSERT_TRUE(shard) << shard.error().text();
  EXPECT_EQ(shard->coverage.points, std::vector<Bytes>({*from_hex("860e687474703a2f2f782f632e63726c")}));
  const std::string entry = R"("revoked": [{"serial": "07", "at": 1, )" + extension("2.5.29.29", true, "3000") + "}]";
  EXPECT_EQ(verdict(crl("crl-ca", entry)), "crl_indirect");
}

TEST(CrlReader, RefusesEveryTruncationAndSaysWhere) {
  const Bytes der = crl("crl-ca", R"("number": 1, "revoked": [{"serial": "0a1b", "at": 1700000000}])");
  for (std::size_t size = 0; size < der.size(); ++size) {
    const ByteView cut = ByteView(der).first(size);
    EXPECT_EQ(parse_crl(cut).error().code, Code::crl_malformed) << size;
    const auto read = in_pieces(cut, 7);
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, Code::crl_malformed) << size;
    EXPECT_TRUE(read.error().words.starts_with("octet ")) << read.error().words;
  }
  const std::string pem = x509::encode_pem("X509 CRL", der);
  for (std::size_t size = pem.find("BEGIN"); size + 1 < pem.size(); ++size) {
    const auto read = in_pieces(as_bytes(pem.substr(0, size)), 7);
    ASSERT_FALSE(read) << size;
  }
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_EQ(verdict(longer), "crl_malformed");
}

TEST(CrlReader, NeverCrashesOnChangedOctets) {
  const Bytes der =
      crl("crl-ca", R"("number": 1, "revoked": [{"serial": "0a1b", "at": 1700000000, "reason": "keyCompromise"}])");
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    Bytes changed = der;
    changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    if (parse_crl(changed)) static_cast<void>(for_each_entry(changed, [](const CrlEntry&) {}));
  }
}

TEST(CrlReader, ReadsTheSameInPiecesOfAnySize) {
  const Bytes der = crl("crl-ca", R"("bulk": 5000)");
  const std::string pem = x509::encode_pem("X509 CRL", der);
  std::string one_line = pem;
  std::erase(one_line, '\n');
  one_line.insert(one_line.find("CRL-----") + 8, "\n").insert(one_line.rfind("-----END"), "\n");
  for (const std::size_t most : {std::size_t{1}, std::size_t{97}, std::size_t{65536}, std::size_t{1} << 20}) {
    for (const ByteView form : {ByteView(der), as_bytes(pem), as_bytes(one_line)}) {
      const auto read = in_pieces(form, most);
      ASSERT_TRUE(read) << read.error().text();
      EXPECT_EQ(read->front().entries.size(), 5000U);
    }
  }
  Bytes changed = der;
  changed[der.size() / 2] ^= 1;
  const auto refused = in_pieces(changed, 97);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().code, ::testing::AnyOf(Code::crl_bad_signature, Code::crl_malformed));
}

TEST(CrlReader, SaysTheOctetWhereALongListBreaks) {
  Bytes der = crl("crl-ca", R"("bulk": 5000)");
  // The tag of the last entry: they are all of 35 octets (2, 2 and 16, 2 and 13).
  std::optional<std::size_t> last;
  for (std::size_t at = 0; at + 4 < der.size(); ++at) {
    if (der[at] == 0x30 && der[at + 1] == 33 && der[at + 2] == 0x02 && der[at + 3] == 16) last = at;
  }
  ASSERT_TRUE(last);
  der[*last] = 0x31;
  const auto read = in_pieces(der, 97);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::crl_malformed);
  EXPECT_TRUE(read.error().words.starts_with(fmt::format("octet {}:", *last))) << read.error().words;
}

// -- deltas

std::string delta_of(int base, std::string_view critical = "true") {
  return fmt::format(R"("extensions": [{{"oid": "2.5.29.27", "critical": {}, "value": "0201{:02x}"}}])", critical,
                     base);
}

TEST(CrlReader, TakesADeltaOnlyWhereItIsAskedTo) {
  const Bytes der = crl("crl-ca", R"("number": 9, "revoked": [
      {"serial": "0a", "at": 1700000000}, {"serial": "0b", "at": 1700000000, "reason": "removeFromCRL"},
      {"serial": "0c", "at": 1700000000, "reason": "certificateHold"}], )" +
                                      delta_of(7));
  EXPECT_EQ(verdict(der), "crl_unknown_critical_extension");
  EXPECT_EQ(parse_crl(der).error().code, Code::crl_unknown_critical_extension);
  ViewSource source(der);
  const auto read = read_crls(source, all(), {.now = kNow, .deltas = Deltas::take});
  ASSERT_TRUE(read) << read.error().text();
  const CrlFile& delta = read->front();
  EXPECT_TRUE(delta.is_delta());
  EXPECT_EQ(delta.base_number, Bytes{7});
  EXPECT_TRUE(delta.entries.find(serial("0a")));
  EXPECT_FALSE(delta.entries.find(serial("0b")));
  EXPECT_TRUE(delta.removed.find(serial("0b")));
  EXPECT_TRUE(delta.entries.find(serial("0c")));
}

TEST(CrlReader, RefusesADeltaThatIsNoneByTheStandard) {
  const auto code = [](const Bytes& der) {
    ViewSource source(der);
    const auto read = read_crls(source, all(), {.now = kNow, .deltas = Deltas::take});
    return read ? "good" : std::string(name(read.error().code));
  };
  EXPECT_EQ(code(crl("crl-ca", R"("number": 9, )" + delta_of(7))), "good");
  EXPECT_EQ(code(crl("crl-ca", delta_of(7))), "crl_malformed") << "no number of its own";
  EXPECT_EQ(code(crl("crl-ca", R"("number": 9, )" + delta_of(7, "false"))), "crl_malformed") << "not critical";
  EXPECT_EQ(code(crl("crl-ca", R"("number": 9, )" + extension("2.5.29.27", true, "0500"))), "crl_malformed");
  EXPECT_EQ(code(crl("crl-ca", R"("number": 9, )" + extension("2.5.29.27", true, "0201ff"))), "crl_malformed");
}

TEST(CrlReader, AFullListRevokesWhatItCallsRemoved) {
  const auto file = read_crl(crl("crl-ca", R"("revoked": [{"serial": "0b", "at": 1700000000, "reason": "removeFromCRL"},
                                                          {"serial": "0c", "at": 1700000000, "reason": "certificateHold"}])"),
                             all(), kNow);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_TRUE(file->entries.find(serial("0b")));
  EXPECT_TRUE(file->entries.find(serial("0c")));
  EXPECT_TRUE(file->on_hold.find(serial("0c")));
  EXPECT_FALSE(file->on_hold.find(serial("0b")));
  EXPECT_EQ(file->removed.size(), 0U);
}

TEST(SerialTable, SortsWhateverSerialsHaveInCommon) {
  std::mt19937_64 random(3);
  // In the last two, hundreds agree in the first eight octets in which any differ, with others around them.
  for (const std::string_view prefix : {"", "aabbccdd", "aabbccddeeff00112233445566778899", "{:02x}ff00112233445566",
                                        "{:02x}00000000000000000011223344"}) {
    SerialTable table;
    std::vector<SerialNumber> added;
    for (int i = 0; i < 3000; ++i) {
      const std::string start = fmt::format(fmt::runtime(prefix), 0x40 + i % 7);
      added.push_back(serial(fmt::format("{}{:08x}", start, random() & 0xffff0fffU)));
      table.add(added.back(), UnixSeconds{1000 + i});
    }
    table.add(added.front(), UnixSeconds{1});
    table.sort();
    Bytes last;
    std::size_t count = 0;
    table.for_each([&](ByteView magnitude, UnixSeconds) {
      const Bytes octets = to_bytes(magnitude);
      if (last.size() == octets.size()) {
        EXPECT_LT(last, octets);
      }
      last = octets;
      ++count;
    });
    EXPECT_EQ(count, table.size());
    for (const SerialNumber& one : added) EXPECT_TRUE(table.find(one));
    EXPECT_EQ(table.find(added.front()), UnixSeconds{1}) << "the earliest";
    const std::set<SerialNumber> listed(added.begin(), added.end());
    for (const SerialNumber& one : added) {
      Bytes octets = to_bytes(one.magnitude());
      for (const std::size_t changed : {std::size_t{0}, octets.size() / 2, octets.size() - 1}) {
        octets[changed] ^= 1;
        const auto other = *SerialNumber::from_magnitude(octets);
        EXPECT_EQ(table.find(other).has_value(), listed.contains(other)) << other.hex();
      }
    }
  }
}

TEST(CrlReader, ReadsALongListWholeAndFindsNobodyElse) {
  std::mt19937_64 random(1);
  auto file = read_crl(crl("crl-ca", R"("bulk": 20000)"), all(), kNow);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->entries.size(), 20000U);
  EXPECT_LE(file->entries.memory(), 20000U * 24U);
  const auto set = RevocationSet::Builder().add(file->issuer_key, file->coverage, std::move(file->entries)).build();
  for (int i = 0; i < 20000; ++i) {
    EXPECT_FALSE(set->revoked(file->issuer_key, serial(fmt::format("7{:015x}{:016x}", random() >> 4, random()))));
  }
}

}  // namespace
}  // namespace symbolon::revocation
