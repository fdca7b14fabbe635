#include "cli/rejection_lookup.h"

#include "authority/state_layout.h"
#include "cli/authority_link.h"
#include "cli/configuration.h"
#include "cli/watching.h"
#include "enroll/authority_reach.h"
#include "enroll/authority_url.h"
#include "enroll/gateway_client.h"
#include "gateway/record_index.h"

namespace symbolon::cli {
namespace {

struct Here {
  Path state;
  std::optional<Path> records;
};

// A configuration that cannot be read now is no reason not to ask who runs with the one before.
Result<Here> find_here(const Session& session) {
  auto loaded = load_configuration(session);
  if (!loaded) {
    const Path state = session.default_places().state;
    std::error_code ignored;
    if (!std::filesystem::exists(GatewayLayout{state}.socket(), ignored)) return std::unexpected(loaded.error());
    session.terminal().warn(loaded.error().text());
    return Here{state, std::nullopt};
  }
  const auto& gateway = loaded->content.gateway;
  return Here{loaded->state, gateway ? gateway->records : std::nullopt};
}

// None: nobody answers there.
std::optional<Result<api::RejectionList>> ask_authority(const Path& socket, const std::string& id) {
  auto client = enroll::AuthorityClient::over_unix(socket);
  if (!client) return std::nullopt;
  auto found = client->rejections(id);
  if (!found && found.error().code == Code::authority_unreachable) return std::nullopt;
  return found;
}

Result<api::RejectionList> look_up_here(const std::string& id, const Session& session) {
  const Here here = TRY(find_here(session));
  if (auto answered = ask_authority(authority::StateLayout{here.state}.socket(), id)) return *std::move(answered);
  const api::RejectionQuery query{.id = id, .fingerprint = {}};
  auto found = enroll::GatewayClient(GatewayLayout{here.state}.socket()).rejections(query);
  if (!found && found.error().code == Code::gateway_unreachable && here.records)
    found = gateway::look_up_in_file(*here.records, query);
  if (found && found->records.empty()) return fail(Code::record_missing, "'{}'", id);
  return found;
}

}  // namespace

Result<api::RejectionList> look_up_rejection(const std::string& id, const Session& session) {
  const std::string known = TRY(api::parse_record_id(id));
  if (!session.remote_authority()) return look_up_here(known, session);
  AuthorityLink link = TRY(AuthorityLink::open(session));
  return link.client().rejections(known);
}

Result<api::RejectionList> look_up_own_rejections(const std::optional<std::string>& id, const OwnCertificate& own,
                                                  const Session& session) {
  const std::string known = id ? TRY(api::parse_record_id(*id)) : "";
  const auto remote = session.remote_authority();
  if (!remote) return fail(Code::usage, "--own asks an authority: name it with --authority");
  enroll::AuthorityPlace place{.endpoint = TRY(enroll::parse_authority_url(remote->url)),
                               .anchors = remote->ca,
                               .certificate = own.certificate.value_or(remote->certificate),
                               .key = own.certificate ? own.key.value_or(*own.certificate) : remote->key};
  auto client = TRY(enroll::reach(place, session.clock()));
  return client.own_rejections(known);
}

}  // namespace symbolon::cli
