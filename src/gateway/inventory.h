// Which client certificates were seen, on which route and when last: only those whose possession was proven.
//
// A file of JSON lines (api::SeenCertificate), each of which stands for the ones before it of the same certificate and
// route: what changed is appended now and then, and the file is written anew when most of its lines have been
// superseded (docs/decisions/0010-inventory.md).
#pragma once

#include <compare>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/gateway_info.h"
#include "base/file.h"
#include "x509/certificate.h"

namespace symbolon::gateway {

// Soonest ending first.
struct SeenKey {
  UnixSeconds not_after;
  std::string fingerprint;
  std::string route;
  auto operator<=>(const SeenKey&) const = default;
};
SeenKey key_of(const api::SeenCertificate& seen);

struct InventoryLimits {
  std::size_t most = 65536;  // entries; beyond it go those that have ended, then those that were not seen for longest
};

// Thread-safe.
class Inventory {
 public:
  // What the file holds; a missing one holds nothing, a line that cannot be read is passed over and counted. Without a
  // file nothing outlives the process. Fails with file_unreadable or file_too_large.
  static Result<std::unique_ptr<Inventory>> open(std::optional<Path> file, const InventoryLimits& limits = {});

  // What such a file holds; nothing of it is kept. Total.
  static std::unique_ptr<Inventory> of_text(std::string_view text, const InventoryLimits& limits = {});

  // Adds to what is known: the later sighting decides where, `times` are added up.
  void merge(const std::vector<api::SeenCertificate>& sightings, UnixSeconds now);
  // Makes what was merged durable. On failure (file_unwritable) nothing is lost: the next call tries again.
  Status save();

  // Fails with bad_request for an `after` that is no cursor.
  Result<api::SeenPage> list(const api::SeenQuery& query) const;
  // By route, of those that have not ended, the one that ends first.
  std::map<std::string, api::SeenCertificate> soonest(UnixSeconds now) const;
  std::size_t size() const;
  std::size_t unreadable_lines() const { return unreadable_; }  // when it was opened

 private:
  Inventory(std::optional<Path> file, const InventoryLimits& limits) : file_(std::move(file)), limits_(limits) {}
  void read(std::string_view text);
  void make_room(UnixSeconds now);
  bool mostly_superseded() const { return lines_ > 2 * entries_.size() + 1024; }

  struct Entry {
    api::SeenCertificate seen;
    bool unsaved = false;
  };
  const std::optional<Path> file_;
  const InventoryLimits limits_;
  std::size_t unreadable_ = 0;
  std::mutex saving_;  // one save at a time; taken before mutex_
  mutable std::mutex mutex_;
  std::map<SeenKey, Entry> entries_;
  std::size_t lines_ = 0;  // of the file
  bool torn_ = false;      // its last line may not be whole
};

}  // namespace symbolon::gateway
