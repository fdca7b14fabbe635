// A gateway without the draining close, for the one test that shows what it is good for (the_alert_always_arrives.py).
// It is no option of the product. usage: undrained_gateway CONFIGURATION (only `gateway:` of it is served)
#include <csignal>
#include <cstdio>

#include "config/load.h"
#include "gateway/gateway.h"

using namespace symbolon;

namespace {

struct Configuration {
  std::optional<Path> state;
  gateway::GatewayConfig gateway;
};

Status serve(const char* file) {
  config::Table<Configuration> table("", "The gateway alone.");
  table.optional("state", &Configuration::state, config::path(), "Not used.")
      .required("gateway", &Configuration::gateway, config::table(gateway::gateway_table()), "What is served.");
  const Configuration loaded = TRY(config::load_file(file, table).result());
  gateway::GatewayInputs inputs;
  inputs.clock = &system_clock();
  inputs.records = TRY(gateway::FileRecordSink::open(loaded.gateway.records));
  inputs.drain = {.drainers = 0};
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  const auto running = TRY(gateway::Gateway::start(loaded.gateway, std::move(inputs)));
  int signal = 0;
  sigwait(&stop, &signal);
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  if (count != 2) return 2;
  const Status done = serve(arguments[1]);
  if (!done) std::fprintf(stderr, "%s\n", done.error().text().c_str());
  return done ? 0 : 1;
}
