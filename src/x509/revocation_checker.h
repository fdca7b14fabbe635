// What path verification asks about revocation. The revocation folder answers (RevocationSource); tests may, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "x509/certificate.h"

namespace symbolon::x509 {

// Thread-safe: many handshakes ask at once.
class RevocationChecker {
 public:
  enum class Status : std::uint8_t {
    good,
    revoked,
    unknown,  // data is demanded for this issuer, but missing or stale
  };
  struct Answer {
    Status status = Status::unknown;
    std::optional<UnixSeconds> since = {};  // revoked: since when, where that is known
    std::string detail = {};                // unknown: what is missing or how stale it is; for people
  };

  virtual ~RevocationChecker() = default;
  // The issuer is told apart by name AND key, so a CA of the same name with another key revokes nothing here.
  virtual Answer check(const Certificate& issuer, const SerialNumber& serial, UnixSeconds at) const = 0;
  // The same with the certificate at hand, so that data about a part of what the issuer issued (only CAs, only one
  // distribution point) can be applied. Path verification asks this one.
  virtual Answer check_certificate(const Certificate& issuer, const Certificate& subject, UnixSeconds at) const {
    return check(issuer, subject.serial(), at);
  }
  // For a certificate that is trusted by itself, whose issuer may not be at hand: revoked when any issuer of its
  // issuer's name says so; unknown when data is demanded for an issuer of that name that may be its own, but missing or
  // stale; else good.
  virtual Answer check_pinned(const Certificate& subject, UnixSeconds at) const = 0;
  // Grows with every change of what is known, once that counts: whoever was judged when it was another number is to be
  // judged again.
  virtual std::uint64_t generation() const = 0;
};

}  // namespace symbolon::x509
