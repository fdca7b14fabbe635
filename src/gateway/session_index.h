// Which sessions of one thread stand on which certificates, so that a revocation finds those that it concerns. Private
// to this folder.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "revocation/revocation_source.h"

namespace symbolon::gateway {

class Session;

// Of a certificate: its issuer and its serial. Eight octets of a digest: two that are the same by chance cost a
// judgement that was not needed.
struct CertificateKey {
  std::uint64_t octets = 0;
  bool operator==(const CertificateKey&) const = default;
};

// Of each certificate below the anchor; a certificate that is pinned stands alone in its path, and goes by the name of
// its issuer.
std::vector<CertificateKey> keys_of(const std::vector<x509::Certificate>& path);
// By which those are found that a revocation may concern: by its issuer, and by that one's name.
std::array<CertificateKey, 2> keys_of(const revocation::Addition& added);

// On one thread only. What a session costs here: 32 octets a certificate, and some 25 for each distinct one.
class SessionIndex {
  struct Entry {
    CertificateKey key;
    Session* session = nullptr;
    Entry* next = nullptr;  // of those with the same key
    Entry* previous = nullptr;
  };

 public:
  // What one session holds in the index. It must be taken out before it goes.
  class Place {
   public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class SessionIndex;
    std::vector<Entry> entries_;
  };

  // Under these keys, and no others, from now on. Where it throws, all is as it was.
  void put(Place& place, Session& session, const std::vector<CertificateKey>& keys);
  void take_out(Place& place);
  // A walk over those that are under `key`: next() gives each once, unless it was taken out meanwhile, then null. Who
  // comes during the walk is not met. One walk at a time: this one ends the one of before.
  void begin_walk(CertificateKey key);
  Session* next();
  std::size_t keys() const { return first_.size(); }

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(CertificateKey key) const noexcept { return key.octets; }
  };
  void link(Entry& entry);
  void unlink(Entry& entry);

  boost::unordered_flat_map<CertificateKey, Entry*, Hash> first_;
  Entry* walk_ = nullptr;
};

}  // namespace symbolon::gateway
