#include "gateway/proxy_config.h"

#include <algorithm>

#include "config/table.h"

namespace symbolon::gateway {
namespace {

using Field = OnwardConfig::Field;
using Version = OnwardConfig::Version;

config::Value<std::vector<Field>> fields_value() {
  return config::list_of(config::choice<Field>({{"ssl", Field::ssl},
                                                {"cn", Field::cn},
                                                {"cipher", Field::cipher},
                                                {"certificate", Field::certificate},
                                                {"group", Field::group},
                                                {"signature_algorithm", Field::signature_algorithm},
                                                {"key_algorithm", Field::key_algorithm},
                                                {"alpn", Field::alpn},
                                                {"authority", Field::authority},
                                                {"unique_id", Field::unique_id},
                                                {"crc32c", Field::crc32c}}));
}

// One entry of `accept_proxy_from`.
struct Source {
  enum class Word : std::uint8_t { unix_sockets, anybody };
  std::optional<Word> word;
  std::optional<policy::IpPattern> network;
};

Result<policy::IpPattern> parse_network(std::string_view text) {
  if (text.ends_with("/0"))
    return fail(Code::config_bad_value, "'{}' lets everybody pretend to be anybody; if that is meant, write {}", text,
                "insecure_anybody");
  return policy::IpPattern::parse(text);
}

ProxySources collect(std::vector<Source> sources) {
  ProxySources out;
  for (auto& source : sources) {
    if (source.network) out.networks.push_back(std::move(*source.network));
    out.unix_sockets = out.unix_sockets || source.word == Source::Word::unix_sockets;
    out.anybody = out.anybody || source.word == Source::Word::anybody;
  }
  return out;
}

}  // namespace

bool OnwardConfig::sends(Field field) const { return std::ranges::find(send, field) != send.end(); }

bool OnwardConfig::sends_tls() const {
  return std::ranges::any_of(send, [](Field field) { return field <= Field::key_algorithm; });
}

config::Value<OnwardConfig> onward_value() {
  auto version = config::as<OnwardConfig>(config::choice<Version>({{"v1", Version::v1}, {"v2", Version::v2}}),
                                          [](Version word) { return OnwardConfig{.version = word}; });
  config::Table<OnwardConfig> chosen("proxy_protocol", "Version 2, with what you choose.");
  chosen.required(
      "send", &OnwardConfig::send, fields_value(),
      "What the header says beside the addresses; docs/protocols/proxy-protocol.md has the number of each.");
  auto fields = config::as<OnwardConfig>(config::table(chosen), [](OnwardConfig read) {
    read.version = Version::v2;
    return read;
  });
  return config::either<OnwardConfig>({std::move(version), std::move(fields)});
}

bool ProxySources::include(const std::string& address) const {
  if (anybody) return true;
  if (address == "unix") return unix_sockets;
  if (networks.empty()) return false;
  const Bytes octets = policy::ip_octets(address);
  return std::ranges::any_of(networks, [&](const auto& network) { return network.matches(ByteView(octets)); });
}

config::Value<ProxySources> proxy_sources_value() {
  using Word = Source::Word;
  auto word =
      config::as<Source>(config::choice<Word>({{"unix", Word::unix_sockets}, {"insecure_anybody", Word::anybody}}),
                         [](Word read) { return Source{.word = read, .network = std::nullopt}; });
  auto network = config::as<Source>(
      config::parsed<policy::IpPattern>("an address or a network such as 192.0.2.0/24", parse_network),
      [](policy::IpPattern read) { return Source{.word = std::nullopt, .network = std::move(read)}; });
  auto entry = config::either<Source>({std::move(word), std::move(network)});
  return config::as<ProxySources>(config::list_of(std::move(entry), {.least = 1, .most = 1000}), collect);
}

}  // namespace symbolon::gateway
