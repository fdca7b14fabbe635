// What a running authority serves: its API on sockets and, over mutual TLS, to admins; gateways in other processes; and
// to anybody CRLs and OCSP.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/rejection.h"
#include "authority/api_server.h"
#include "authority/gateway_desk.h"
#include "authority/ocsp_server.h"
#include "cli/admin_listener.h"
#include "cli/configuration.h"
#include "cli/renewal.h"
#include "net/pulse.h"

namespace symbolon::cli {

class AuthorityServers {
 public:
  // What is referred to outlives the servers.
  struct Inputs {
    authority::Authority& authority;
    const LoadedConfiguration& loaded;
    Renewal& renewal;  // of the certificate that admins are shown
    const Clock& clock;
    std::shared_ptr<gateway::RecordSink> records;
    std::function<Result<std::shared_ptr<const x509::TrustBundle>>()> trust;  // for admins, as it is now
    api::LookUpRejections look_up;
    std::function<Result<LoadedConfiguration>()> load_again;  // asked from several threads
  };
  // Everything listens when this returns, or nothing does. Fails as http::Server::listen and Renewal::credential.
  static Result<std::unique_ptr<AuthorityServers>> start(Inputs inputs);
  AuthorityServers(const AuthorityServers&) = delete;
  AuthorityServers& operator=(const AuthorityServers&) = delete;
  // What is being answered is answered first.
  ~AuthorityServers();

  // What listens where, a line each.
  const std::vector<std::string>& started() const { return started_; }
  // Shows admins a fresh certificate. As AdminListener::refresh.
  Status refresh();
  // As Service::threads_answer.
  bool threads_answer() { return pulse_.answers(context_.get_executor()); }

 private:
  explicit AuthorityServers(Inputs inputs);
  Status listen();
  authority::ApiOptions api_options();
  Status serve_gateways();
  Status serve_publicly(const AuthoritySection& section);
  Status serve_admins(const net::Endpoint& endpoint);

  const Inputs in_;
  std::vector<std::string> started_;
  AdminListener admins_;
  net::Pulse pulse_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<authority::ApiServer> api_;
  std::unique_ptr<authority::GatewayDesk> gateway_desk_;
  std::unique_ptr<authority::ApiServer> gateway_api_;          // on a socket of its own
  std::unique_ptr<authority::OcspPool> ocsp_pool_;             // where OCSP is served
  std::vector<std::unique_ptr<http::Server>> public_servers_;  // of CRLs and OCSP
  std::vector<std::thread> threads_;
};

}  // namespace symbolon::cli
