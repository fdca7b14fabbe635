#include "cli/session.h"

#include <unistd.h>

#include "base/environment.h"

namespace symbolon::cli {
namespace {

constexpr std::string_view kFileName = "symbolon.yaml";

Result<Secret> first_line(const std::string& file) {
  const Secret content = TRY(read_private_file(file));
  const std::string_view text = content.reveal();
  Secret line(text.substr(0, text.find_first_of("\r\n")));
  if (line.empty()) return fail_at(file, Code::passphrase_needed, "the first line is empty");
  return line;
}

}  // namespace

Places Session::default_places() const {
  const auto config = options_.config ? options_.config : environment("SYMBOLON_CONFIG");
  const auto state = options_.state ? options_.state : environment("SYMBOLON_STATE");
  if (config) {
    const Path file = *config;
    return {file, state ? Path(*state) : (file.has_parent_path() ? file.parent_path() : Path("."))};
  }
  if (state) return {Path(*state) / kFileName, *state};
  const Path local = "symbolon";
  std::error_code ignored;
  if (::geteuid() == 0 && !std::filesystem::exists(local / kFileName, ignored)) {
    return {Path("/etc/symbolon") / kFileName, "/var/lib/symbolon"};
  }
  return {local / kFileName, local};
}

std::optional<RemotePlaces> Session::remote_authority() const {
  const auto named = [](const std::optional<std::string>& option, const char* variable) {
    return option ? option : environment(variable);
  };
  const auto url = named(options_.authority, "SYMBOLON_AUTHORITY");
  if (!url) return std::nullopt;
  // Where somebody calls from there is no configuration that would mark ./symbolon as the place: the root does.
  const Path local = "symbolon";
  std::error_code ignored;
  const bool here = !state_is_named() && !options_.config && std::filesystem::exists(local / "root.crt", ignored);
  const Path state = here ? local : default_places().state;
  RemotePlaces out{.url = *url, .ca = state / "root.crt", .certificate = state / "admin.crt", .key = {}};
  if (const auto ca = named(options_.authority_ca, "SYMBOLON_AUTHORITY_CA")) out.ca = *ca;
  if (const auto cert = named(options_.authority_cert, "SYMBOLON_AUTHORITY_CERT")) out.certificate = *cert;
  out.key = Path(out.certificate).replace_extension(".key");
  if (const auto key = named(options_.authority_key, "SYMBOLON_AUTHORITY_KEY")) out.key = *key;
  return out;
}

bool Session::state_is_named() const { return options_.state || environment("SYMBOLON_STATE"); }

Result<Secret> Session::passphrase(const std::optional<std::string>& file, std::string_view question) const {
  if (file) return first_line(*file);
  return terminal_.ask_secret(question);
}

Result<Secret> Session::new_passphrase(const std::optional<std::string>& file, std::string_view question) const {
  if (file) return first_line(*file);
  return terminal_.ask_new_secret(question);
}

}  // namespace symbolon::cli
