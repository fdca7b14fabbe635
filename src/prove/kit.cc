#include "prove/kit.h"

#include <boost/json.hpp>

#include "base/file_set.h"

namespace symbolon::prove {
namespace {

namespace json = boost::json;

constexpr std::string_view kManifest = "kit.json";
constexpr std::string_view kCaFile = "ca.crt";
constexpr std::uint64_t kLargestManifest = 1 << 20;  // octets
constexpr std::size_t kMostMembers = 64;

json::object member_json(const KitMember& member) {
  const x509::Certificate& leaf = member.chain.front();
  const auto& [not_before, not_after] = leaf.validity();
  return {{"id", member.id},
          {"purpose", member.purpose},
          {"certificate", member.id + ".crt"},
          {"key", member.id + ".key"},
          {"subject", leaf.subject().text()},
          {"serial", leaf.serial().hex()},
          {"fingerprint", leaf.fingerprint().hex()},
          {"not_before", to_rfc3339(not_before)},
          {"not_after", to_rfc3339(not_after)}};
}

std::string manifest(const Path& folder, const KitCa& ca, const KitContent& content, UnixSeconds now) {
  json::array members;
  for (const KitMember& member : content.members) members.emplace_back(member_json(member));
  json::array omissions;
  for (const KitOmission& one : content.omissions) {
    omissions.emplace_back(json::object{{"id", one.id}, {"reason", one.reason}});
  }
  const json::object out{{"kit", 1},
                         {"made", to_rfc3339(now)},
                         {"ca", ca.certificate().subject().text()},
                         {"ca_fingerprint", ca.certificate().fingerprint().hex()},
                         {"certificates", std::move(members)},
                         {"left_out", std::move(omissions)},
                         {"to_revoke", how_to_revoke(folder)}};
  return json::serialize(out) + "\n";
}

std::unexpected<Error> malformed(const Path& file, std::string_view what) {
  return fail_at(file.string(), Code::bad_request, "{}; `symbolon prove-kit` makes a kit", what);
}

// The member of an object as text; empty: there is none.
std::string text_of(const json::value& value, std::string_view key) {
  const auto* const object = value.if_object();
  const auto* const member = object != nullptr ? object->if_contains(key) : nullptr;
  const auto* const text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

const json::array* array_of(const json::value& value, std::string_view key) {
  const auto* const object = value.if_object();
  const auto* const member = object != nullptr ? object->if_contains(key) : nullptr;
  return member != nullptr ? member->if_array() : nullptr;
}

// What may be a part of a file's name: no way out of the folder.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

std::string how_to_revoke(const Path& folder) {
  const std::string file = (folder / "revoked.crt").string();
  return fmt::format("openssl ca -config CA.cnf -revoke {} && openssl ca -config CA.cnf -gencrl -out CA.crl", file);
}

Status write_kit(const Path& folder, const KitCa& ca, const KitContent& content, UnixSeconds now, Existing existing) {
  TRY(make_folder(folder, 0700));
  std::vector<std::string> certificates;  // what NewFile borrows
  std::vector<Secret> keys;
  for (const KitMember& member : content.members) {
    certificates.push_back(x509::to_pem(member.chain));
    keys.push_back(TRY(member.key.to_pem()));
  }
  const std::string ca_pem = x509::to_pem(ca.chain());
  const std::string about = manifest(folder, ca, content, now);
  std::vector<NewFile> files;
  for (std::size_t i = 0; i < content.members.size(); ++i) {
    const std::string& id = content.members[i].id;
    files.push_back({folder / (id + ".key"), keys[i].reveal(), 0600});
    files.push_back({folder / (id + ".crt"), certificates[i], 0644});
  }
  files.push_back({folder / kCaFile, ca_pem, 0644});
  files.push_back({folder / kManifest, about, 0644});
  return write_files(files, existing);
}

Result<Kit> Kit::read(const Path& folder) {
  Kit out;
  out.folder_ = folder;
  const Path file = folder / kManifest;
  const std::string text = TRY(read_file(file, kLargestManifest));
  boost::system::error_code problem;
  const json::value document = json::parse(text, problem);
  if (problem) return malformed(file, "it is no JSON");
  const json::array* const members = array_of(document, "certificates");
  if (members == nullptr || members->empty() || members->size() > kMostMembers) {
    return malformed(file, fmt::format("`certificates` must name 1 to {} certificates", kMostMembers));
  }
  for (const json::value& member : *members) {
    const std::string id = text_of(member, "id");
    if (!is_id(id)) return malformed(file, "a certificate has no `id` of lower-case letters, digits and underscores");
    const auto credential =
        TRY(tls::Credential::load((folder / (id + ".crt")).string(), (folder / (id + ".key")).string()));
    out.members_[id] = credential;
  }
  if (const json::array* const omissions = array_of(document, "left_out")) {
    for (const json::value& one : *omissions) out.omissions_[text_of(one, "id")] = text_of(one, "reason");
  }
  if (!out.members_.contains("good")) return malformed(file, "it has no good client");
  out.ca_pem_ = TRY(read_file(folder / kCaFile));
  return out;
}

Result<Kit> Kit::from_content(const KitCa& ca, KitContent content) {
  Kit out;
  out.ca_pem_ = x509::to_pem(ca.chain());
  for (KitMember& member : content.members) {
    const auto credential = TRY(tls::Credential::make(std::move(member.chain), std::move(member.key)));
    out.members_[member.id] = credential;
  }
  for (KitOmission& one : content.omissions) out.omissions_[one.id] = std::move(one.reason);
  return out;
}

std::shared_ptr<const tls::Credential> Kit::find(std::string_view id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : found->second;
}

std::string Kit::why_not(std::string_view id) const {
  const auto found = omissions_.find(id);
  return found == omissions_.end() ? "the kit has no such certificate" : found->second;
}

KitIdentity Kit::identity() const {
  const x509::Certificate& good = find("good")->leaf();
  return {good.subject(), good.subject_alt_names()};
}

}  // namespace symbolon::prove
