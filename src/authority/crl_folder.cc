#include "authority/crl_folder.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/octet_source.h"
#include "revocation/crl_parser.h"

namespace symbolon::authority {
namespace {

constexpr unsigned kFolderMode = 0755;
constexpr unsigned kFileMode = 0644;

// None: there is no such file. Whatever stands there, the next number must lie beyond it.
Result<std::optional<std::string>> content_of(const Path& file) {
  auto content = read_file(file);
  if (!content && content.error().code == Code::file_missing) return std::optional<std::string>();
  return std::optional(TRY(std::move(content)));
}

}  // namespace

Result<std::uint64_t> crl_number_of(ByteView der) {
  ViewSource source(der);
  revocation::CrlStream stream(source, revocation::Deltas::take);
  TRY(stream.head());
  TRY(stream.skip_entries());
  const auto crl = TRY(stream.tail());
  if (!crl.number) return 0;
  if (crl.number->size() > sizeof(std::uint64_t)) return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const std::uint8_t octet : *crl.number) number = number << 8U | octet;
  return number;
}

Result<std::uint64_t> CrlFolder::last_number(const std::string& issuer) const {
  std::uint64_t last = 0;
  const Path file = layout_.crl_number(issuer);
  if (const auto text = TRY(content_of(file))) {
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), last);
    if (problem != std::errc() || std::string_view(end, text->data() + text->size()) != "\n") {
      return fail_at(file.string(), Code::file_unreadable,
                     "it does not hold a number; without it, numbers go on from "
                     "the time");
    }
  }
  if (const auto published = TRY(content_of(layout_.crl(issuer)))) {
    // One that cannot be read is none of ours any more: it is replaced.
    if (const auto number = crl_number_of(as_bytes(*published))) last = std::max(last, *number);
  }
  return last;
}

Result<std::uint64_t> CrlFolder::claim_number(const std::vector<std::string>& names, UnixSeconds now) {
  ENSURE(!names.empty());
  std::uint64_t last = 0;
  for (const std::string& name : names) last = std::max(last, TRY(last_number(name)));
  const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(now.count, 1));
  const std::uint64_t number = std::max(last + 1, time);
  TRY(make_folder(layout_.crls(), kFolderMode));
  TRY(write_file(layout_.crl_number(names.front()), fmt::format("{}\n", number),
                 {.mode = kFileMode, .existing = Existing::replace}));
  return number;
}

Status CrlFolder::publish(const std::string& issuer, const CrlPart& part, std::uint64_t number, ByteView der) {
  const Path file = this->file(issuer, part);
  if (const auto published = TRY(content_of(file))) {
    const auto there = crl_number_of(as_bytes(*published));
    if (there && *there >= number) {
      return fail_at(file.string(), Code::already_exists, "it has number {}, this one {}", *there, number);
    }
  }
  TRY(make_folder(layout_.crls(), kFolderMode));
  if (part != CrlPart{}) TRY(make_folder(layout_.crl_parts(issuer), kFolderMode));
  return write_file(file, as_text(der), {.mode = kFileMode, .existing = Existing::replace});
}

Result<std::string> CrlFolder::read(const std::string& issuer, const CrlPart& part) const {
  return read_file(file(issuer, part));
}

std::vector<CrlPart> CrlFolder::parts(const std::string& issuer) const {
  std::vector<CrlPart> out;
  std::error_code problem;
  for (std::filesystem::directory_iterator at(layout_.crl_parts(issuer), problem), end; !problem && at != end;
       at.increment(problem)) {
    if (const auto part = CrlPart::from_file(at->path().filename().string())) out.push_back(*part);
  }
  return out;
}

std::optional<std::filesystem::file_time_type> CrlFolder::written_at(const std::string& issuer) const {
  std::error_code problem;
  const auto at = std::filesystem::last_write_time(layout_.crl(issuer), problem);
  return problem ? std::nullopt : std::optional(at);
}

}  // namespace symbolon::authority
