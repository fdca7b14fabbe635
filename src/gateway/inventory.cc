#include "gateway/inventory.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "api/codec.h"

namespace symbolon::gateway {
namespace {

constexpr unsigned kMode = 0600;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : lower(query) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

// A file may hold anything: what is no fingerprint could be mistaken for more than that in a cursor.
bool plausible(const api::SeenCertificate& seen) {
  constexpr std::size_t kHexOfSha256 = 64;
  return seen.times >= 0 && seen.fingerprint.size() == kHexOfSha256 &&
         seen.fingerprint.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

bool fits(const api::SeenCertificate& seen, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  const std::string all = lower(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", seen.subject, seen.identity, seen.issuer,
                                            seen.serial, seen.fingerprint, seen.route, seen.address));
  return std::ranges::all_of(words, [&](const std::string& word) { return all.find(word) != std::string::npos; });
}

// "1795255714.<fingerprint>.<route>"
std::string cursor_of(const SeenKey& key) {
  return fmt::format("{}.{}.{}", key.not_after.count, key.fingerprint, key.route);
}

Result<SeenKey> parse_cursor(const std::string& text) {
  SeenKey key;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), key.not_after.count);
  const auto first = static_cast<std::size_t>(end - text.data());
  const auto second = first < text.size() ? text.find('.', first + 1) : std::string::npos;
  if (problem != std::errc() || text[first] != '.' || second == std::string::npos)
    return fail(Code::bad_request, "'{}' is not the `next` of a page", text);
  key.fingerprint = text.substr(first + 1, second - first - 1);
  key.route = text.substr(second + 1);
  return key;
}

}  // namespace

SeenKey key_of(const api::SeenCertificate& seen) { return {seen.not_after, seen.fingerprint, seen.route}; }

Result<std::unique_ptr<Inventory>> Inventory::open(std::optional<Path> file, const InventoryLimits& limits) {
  std::unique_ptr<Inventory> inventory(new Inventory(std::move(file), limits));
  if (!inventory->file_) return inventory;
  const auto text = read_file(*inventory->file_);
  if (!text && text.error().code != Code::file_missing) return std::unexpected(text.error());
  if (text) inventory->read(*text);
  return inventory;
}

std::unique_ptr<Inventory> Inventory::of_text(std::string_view text, const InventoryLimits& limits) {
  std::unique_ptr<Inventory> inventory(new Inventory(std::nullopt, limits));
  inventory->read(text);
  return inventory;
}

void Inventory::read(std::string_view text) {
  torn_ = !text.empty() && !text.ends_with('\n');
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    ++lines_;
    auto seen = api::decode<api::SeenCertificate>(line);
    if (!seen || !plausible(*seen)) {
      ++unreadable_;
      continue;
    }
    SeenKey key = key_of(*seen);
    entries_[std::move(key)] = {.seen = *std::move(seen)};
    if (entries_.size() > 2 * limits_.most) make_room({});
  }
}

void Inventory::merge(const std::vector<api::SeenCertificate>& sightings, UnixSeconds now) {
  const std::lock_guard lock(mutex_);
  for (const api::SeenCertificate& sighting : sightings) {
    const auto [at, added] = entries_.try_emplace(key_of(sighting), Entry{.seen = sighting});
    Entry& entry = at->second;
    entry.unsaved = true;
    if (added) continue;
    entry.seen.times = sum(entry.seen.times, sighting.times);
    entry.seen.first_seen = std::min(entry.seen.first_seen, sighting.first_seen);
    if (sighting.last_seen < entry.seen.last_seen) continue;
    entry.seen.last_seen = sighting.last_seen;
    entry.seen.address = sighting.address;
  }
  if (entries_.size() > limits_.most) make_room(now);
}

// A sixteenth at a time, so that the search for the oldest is paid for by many additions.
void Inventory::make_room(UnixSeconds now) {
  const std::size_t keep = limits_.most - limits_.most / 16;
  while (entries_.size() > keep && entries_.begin()->first.not_after < now) entries_.erase(entries_.begin());
  if (entries_.size() <= keep) return;
  std::vector<UnixSeconds> times;
  for (const auto& [key, entry] : entries_) times.push_back(entry.seen.last_seen);
  const auto cut = times.begin() + static_cast<std::ptrdiff_t>(entries_.size() - keep);
  std::nth_element(times.begin(), cut, times.end());
  const UnixSeconds oldest_kept = *cut;
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.seen.last_seen < oldest_kept; });
  while (entries_.size() > limits_.most) entries_.erase(std::prev(entries_.end()));  // all seen in one second
}

Status Inventory::save() {
  if (!file_) return {};
  const std::lock_guard saving(saving_);
  std::string text;
  std::vector<SeenKey> written;
  bool anew = false;
  {
    const std::lock_guard lock(mutex_);
    anew = mostly_superseded();
    if (torn_ && !anew) text += '\n';
    for (auto& [key, entry] : entries_) {
      if (!anew && !entry.unsaved) continue;
      (text += api::encode(entry.seen)) += '\n';
      if (std::exchange(entry.unsaved, false)) written.push_back(key);
    }
    if (written.empty() && !anew) return {};
  }
  const Status done = anew ? write_file(*file_, text, {.mode = kMode, .existing = Existing::replace})
                           : append_to_file(*file_, text, kMode);
  const std::lock_guard lock(mutex_);
  torn_ = !done;
  if (done) {
    lines_ = anew ? entries_.size() : lines_ + written.size();
    return {};
  }
  for (const SeenKey& key : written) {
    if (const auto at = entries_.find(key); at != entries_.end()) at->second.unsaved = true;
  }
  return done;
}

Result<api::SeenPage> Inventory::list(const api::SeenQuery& query) const {
  const auto words = words_of(query.query);
  std::optional<SeenKey> after;
  if (!query.after.empty()) after = TRY(parse_cursor(query.after));
  const std::lock_guard lock(mutex_);
  api::SeenPage page;
  for (auto at = after ? entries_.upper_bound(*after) : entries_.begin(); at != entries_.end(); ++at) {
    if (!fits(at->second.seen, words)) continue;
    if (page.certificates.size() >= static_cast<std::size_t>(query.limit)) {
      page.next = cursor_of(key_of(page.certificates.back()));
      break;
    }
    page.certificates.push_back(at->second.seen);
  }
  return page;
}

std::map<std::string, api::SeenCertificate> Inventory::soonest(UnixSeconds now) const {
  std::map<std::string, api::SeenCertificate> out;
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.lower_bound({.not_after = now, .fingerprint = {}, .route = {}}); at != entries_.end(); ++at)
    out.try_emplace(at->first.route, at->second.seen);
  return out;
}

std::size_t Inventory::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace symbolon::gateway
