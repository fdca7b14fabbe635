// The small texts that people and files give us: times, durations, hexadecimal, base64, serials, names, idempotency
// keys. What is read is written in a form that reads the same.
#include "api/idempotency_key.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "x509/name.h"
#include "x509/serial_number.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto key = api::parse_idempotency_key(text)) {
    ENSURE(*api::parse_idempotency_key(api::idempotency_key_field(*key)) == *key);
  }
  if (const auto span = parse_duration(text)) ENSURE(*parse_duration(to_text(*span)) == *span);
  if (const auto time = parse_time(text); time && !text.starts_with("@"))
    ENSURE(*parse_time(to_rfc3339(*time)) == *time);
  if (const auto octets = from_hex(text)) ENSURE(*from_hex(to_hex(*octets)) == *octets);
  if (const auto octets = from_base64(text)) ENSURE(*from_base64(to_base64(*octets)) == *octets);
  if (const auto serial = x509::SerialNumber::parse(text)) {
    ENSURE(*x509::SerialNumber::parse(serial->hex()) == *serial);
    ENSURE(*x509::SerialNumber::parse("dec:" + serial->decimal()) == *serial);
  }
  if (const auto name = x509::GeneralName::parse(text)) ENSURE(*x509::GeneralName::parse(name->text()) == *name);
  if (const auto name = x509::DistinguishedName::parse(text)) {
    ENSURE(*x509::DistinguishedName::parse(name->text()) == *name);
    ENSURE(*x509::DistinguishedName::from_der(name->der()) == *name);
  }
  return 0;
}
