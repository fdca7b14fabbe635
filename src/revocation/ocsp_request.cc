#include "revocation/ocsp_request.h"

#include "revocation/der_message.h"
#include "x509/der_writer.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

constexpr std::string_view kNonce = "1.3.6.1.5.5.7.48.1.2";

// "With absent or NULL parameters": both are made in the field. With others it is no algorithm that we know.
CertIdHash hash_of(std::string_view oid, const der::Reader& parameters) {
  der::Reader rest = parameters;
  const auto null = rest.next(der::tag::null);
  if ((null && !null->content.empty()) || !rest.at_end()) return CertIdHash::other;
  if (oid == "1.3.14.3.2.26") return CertIdHash::sha1;
  if (oid == "2.16.840.1.101.3.4.2.1") return CertIdHash::sha256;
  return CertIdHash::other;
}

// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
Result<CertId> read_cert_id(const DerMessage& message, const der::Element& element) {
  CertId id;
  id.der = element.whole;
  // The answer has it as we write it, in DER: what comes in another form would not find its own again.
  if (!der::well_formed(element.whole)) return message.malformed(element.whole, "a CertID that is not DER");
  der::Reader parts(element.content);
  der::Reader algorithm(TRY(message.expect(parts, der::tag::sequence, "the hash algorithm")).content);
  const der::Element type = TRY(message.expect(algorithm, der::tag::object_identifier, "the hash algorithm's type"));
  const auto oid = der::oid_text(type.content);
  if (!oid) return message.malformed(type.whole, "the hash algorithm's type cannot be read");
  id.hash = hash_of(*oid, algorithm);
  id.issuer_name_hash = TRY(message.expect(parts, der::tag::octet_string, "issuerNameHash")).content;
  id.issuer_key_hash = TRY(message.expect(parts, der::tag::octet_string, "issuerKeyHash")).content;
  const der::Element serial = TRY(message.expect(parts, der::tag::integer, "the serial number"));
  if (!is_shortest_integer(serial.content)) {
    return message.malformed(serial.whole, "a serial number that is not DER");
  }
  if (!parts.at_end()) return message.malformed(parts.rest(), "octets behind a CertID");
  if (auto number = x509::SerialNumber::from_der_content(serial.content)) id.serial = *number;
  return id;
}

// The Extensions within an explicit tag.
Result<std::vector<Extension>> read_extensions(const DerMessage& message, const der::Element& wrapped) {
  const auto list = der::only(wrapped.content, der::tag::sequence);
  if (!list) return message.malformed(wrapped.whole, "the extensions cannot be read");
  return message.extensions(list->content);
}

// What is critical and not known cannot be passed over; everything else is.
Status pass_over(const DerMessage& message, const Extension& extension) {
  if (!extension.critical) return {};
  return message.malformed(extension.whole, fmt::format("extension {} is critical and not known", extension.oid));
}

Result<ByteView> read_nonce(const DerMessage& message, const Extension& extension) {
  const auto nonce = der::only(extension.value, der::tag::octet_string);
  if (!nonce) return message.malformed(extension.whole, "the nonce is no OCTET STRING");
  // RFC 9654 §2.1: a nonce of 0 or of more than 128 octets MUST be answered with malformedRequest.
  if (nonce->content.empty() || nonce->content.size() > kMostOcspNonce) {
    return message.malformed(extension.whole, fmt::format("a nonce of {} octets", nonce->content.size()));
  }
  return nonce->content;
}

// Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
Result<CertId> read_request(const DerMessage& message, const der::Element& element) {
  der::Reader parts(element.content);
  const der::Element cert = TRY(message.expect(parts, der::tag::sequence, "a CertID"));
  CertId id = TRY(read_cert_id(message, cert));
  if (const auto wrapped = parts.next(der::tag::context(0))) {
    for (const Extension& extension : TRY(read_extensions(message, *wrapped))) TRY(pass_over(message, extension));
  }
  if (!parts.at_end()) return message.malformed(parts.rest(), "octets behind a request");
  return id;
}

Status read_request_list(const DerMessage& message, const der::Element& list, OcspRequest& request) {
  for (der::Reader each(list.content); !each.at_end();) {
    const der::Element one = TRY(message.expect(each, der::tag::sequence, "a request"));
    if (request.requests.size() == kMostOcspRequests) {
      return message.malformed(one.whole, fmt::format("more than {} requests", kMostOcspRequests));
    }
    const CertId id = TRY(read_request(message, one));
    request.requests.push_back(id);
  }
  if (request.requests.empty()) return message.malformed(list.whole, "nothing is asked");
  return {};
}

// TBSRequest ::= SEQUENCE { version [0] DEFAULT v1, requestorName [1] OPTIONAL, requestList, requestExtensions [2] }
Status read_to_be_signed(const DerMessage& message, const der::Element& body, OcspRequest& request) {
  der::Reader parts(body.content);
  // DER leaves a default out; old clients write it.
  if (const auto wrapped = parts.next(der::tag::context(0))) {
    const auto version = der::only(wrapped->content, der::tag::integer);
    if (!version || version->content.size() != 1 || version->content[0] != 0) {
      return message.malformed(wrapped->whole, "not version 1");
    }
  }
  if (const auto name = parts.next(der::tag::context(1)); name && !der::well_formed(name->content)) {
    return message.malformed(name->whole, "requestorName cannot be read");
  }
  const der::Element list = TRY(message.expect(parts, der::tag::sequence, "the list of requests"));
  TRY(read_request_list(message, list, request));
  if (const auto wrapped = parts.next(der::tag::context(2))) {
    for (const Extension& extension : TRY(read_extensions(message, *wrapped))) {
      if (extension.oid == kNonce) {
        request.nonce = TRY(read_nonce(message, extension));
      } else {
        TRY(pass_over(message, extension));
      }
    }
  }
  if (!parts.at_end()) return message.malformed(parts.rest(), "something that does not belong there");
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Result<OcspRequest> parse_ocsp_request(ByteView whole) {
  if (whole.size() > kMostOcspRequestOctets) {
    return fail(Code::too_large, "{} octets; an OCSP request has at most {}", whole.size(), kMostOcspRequestOctets);
  }
  const DerMessage message(whole, Code::bad_request);
  const auto outer = der::only(whole, der::tag::sequence);
  if (!outer) return message.malformed(whole, "not one DER SEQUENCE that fills the input");
  der::Reader parts(outer->content);
  OcspRequest request;
  const der::Element body = TRY(message.expect(parts, der::tag::sequence, "what is requested"));
  TRY(read_to_be_signed(message, body, request));
  // RFC 6960 §4.1.2: "The requestor MAY choose to sign the OCSP request."
  if (const auto signature = parts.next(der::tag::context(0)); signature && !der::well_formed(signature->content)) {
    return message.malformed(signature->whole, "the signature cannot be read");
  }
  if (!parts.at_end()) return message.malformed(parts.rest(), "octets behind the request");
  return request;
}

// OCSPRequest { TBSRequest { requestList { Request { CertID } } } }
Bytes make_ocsp_request(ByteView cert_id) {
  Bytes out = der::element(der::tag::sequence, cert_id);
  for (int around = 0; around < 3; ++around) out = der::element(der::tag::sequence, out);
  return out;
}

Result<Bytes> parse_get_path(std::string_view path) {
  if (path.size() > kMostOcspGetPath) {
    return fail(Code::too_large, "{} characters; an OCSP request by GET has at most {}", path.size(), kMostOcspGetPath);
  }
  std::string text;
  text.reserve(path.size() + 2);
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      const int high = i + 2 < path.size() ? hex_digit(path[i + 1]) : -1;
      const int low = high < 0 ? -1 : hex_digit(path[i + 2]);
      if (low < 0) return fail(Code::bad_request, "character {}: '%' without two hexadecimal digits", i);
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (c == ' ') c = '+';
    if (c == '/' && text.empty()) continue;
    text += c;
  }
  if (text.find('=') == std::string::npos) text.append((4 - text.size() % 4) % 4, '=');
  if (text.find_first_of("\r\n\t") != std::string::npos) return fail(Code::bad_request, "not base64");
  Bytes octets = TRY(from_base64(text));
  if (octets.empty()) return fail(Code::bad_request, "nothing is asked");
  return octets;
}

}  // namespace symbolon::revocation
