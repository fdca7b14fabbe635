#include "cli/authority_link.h"

#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <thread>

#include "authority/api_server.h"
#include "authority/authority.h"
#include "base/acting_as_owner.h"
#include "base/errno_text.h"
#include "base/log.h"
#include "cli/configuration.h"
#include "enroll/authority_reach.h"
#include "enroll/authority_url.h"

namespace symbolon::cli {

struct AuthorityLink::Host {
  std::unique_ptr<authority::Authority> authority;
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::unique_ptr<authority::ApiServer> server;
  std::thread thread;

  // Nobody does it later: what this command changed stands in the published CRLs when it ends.
  Status end() {
    if (server) server->stop();
    work.reset();
    if (thread.joinable()) thread.join();
    if (ended || !authority || !authority->crls().owes()) return {};
    ended = true;
    const ActingAsOwner owner(authority->layout().folder);
    return authority->crls().publish_now();
  }
  bool ended = false;

  ~Host() {
    if (const Status published = end(); !published) log(LogLevel::warning, published.error());
  }
};

AuthorityLink::AuthorityLink(std::unique_ptr<Host> host, std::unique_ptr<enroll::AuthorityClient> client)
    : host_(std::move(host)), client_(std::move(client)) {}
AuthorityLink::AuthorityLink(AuthorityLink&&) noexcept = default;
AuthorityLink& AuthorityLink::operator=(AuthorityLink&&) noexcept = default;
// The client goes first: its end of the socket pair closes, and the host's connection ends.
AuthorityLink::~AuthorityLink() { client_.reset(); }

Status AuthorityLink::finish() {
  client_.reset();
  return host_ ? host_->end() : Status();
}

namespace {

Result<enroll::AuthorityClient> call_remote(const RemotePlaces& remote, const Clock& clock) {
  const net::Endpoint endpoint = TRY(enroll::parse_authority_url(remote.url));
  auto reached = enroll::reach({endpoint, remote.ca, remote.certificate, remote.key}, clock);
  if (reached || reached.error().code != Code::file_missing) return reached;
  const bool of_ca = reached.error().where == remote.ca.string();
  return fail_at(reached.error().where, Code::file_missing, "{}; name another with {}", reached.error().words,
                 of_ca ? "--authority-ca" : "--authority-cert and --authority-key");
}

}  // namespace

Result<AuthorityLink> AuthorityLink::open(const Session& session) {
  if (const auto remote = session.remote_authority()) {
    auto there = TRY(call_remote(*remote, session.clock()));
    return AuthorityLink(nullptr, std::make_unique<enroll::AuthorityClient>(std::move(there)));
  }
  const LoadedConfiguration loaded = TRY(load_configuration(session));
  const Path socket = authority::StateLayout{loaded.state}.socket();
  std::error_code ignored;
  if (std::filesystem::exists(socket, ignored)) {
    auto running = enroll::AuthorityClient::over_unix(socket);
    if (running) return AuthorityLink(nullptr, std::make_unique<enroll::AuthorityClient>(std::move(*running)));
    if (running.error().code != Code::authority_unreachable) return std::unexpected(running.error());
    // The socket of a process that died: the state is free, and open_authority finds out.
  }
  const ActingAsOwner owner(loaded.state);  // root's commands leave nothing that the service could not open
  auto opened = open_authority(loaded, session);
  if (!opened && opened.error().code == Code::state_locked) {  // one that stays may have begun meanwhile
    auto running = enroll::AuthorityClient::over_unix(socket);
    if (running) return AuthorityLink(nullptr, std::make_unique<enroll::AuthorityClient>(std::move(*running)));
  }
  auto host = std::make_unique<Host>();
  host->authority = TRY(std::move(opened));
  host->server =
      std::make_unique<authority::ApiServer>(host->context, *host->authority, authority::ApiOptions{.threads = 2});
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(Code::system_error, "socketpair: {}", errno_text(errno));
  }
  TRY(host->server->http().serve(ends[0]));
  host->thread = std::thread([raw = host.get()] { raw->context.run(); });
  auto client = TRY(enroll::AuthorityClient::over_descriptor(ends[1]));
  return AuthorityLink(std::move(host), std::make_unique<enroll::AuthorityClient>(std::move(client)));
}

}  // namespace symbolon::cli
