// role: one process of `symbolon run`, started by it alone.
//
//   load what only root may read · change the user · enter the bounds · start threads and serve
#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>

#include "authority/ocsp_signers.h"
#include "authority/signing_desk.h"
#include "base/file_access.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/role_bounds.h"
#include "cli/serving.h"
#include "contain/control.h"
#include "contain/hardening.h"
#include "crypto/locked_memory.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/sd_listen_fds.h"
#include "signer/client.h"
#include "signer/server.h"

namespace symbolon::cli {
namespace {

constexpr std::size_t kSignerThreads = 2;

struct RoleWords {
  std::optional<std::string> control;
  std::optional<std::string> signing;
  std::optional<std::string> watchdog;
  bool metrics = false;
  std::optional<std::string> sockets;
  std::string socket_names;
};

// 0: it is none.
std::int64_t number_of(const std::optional<std::string>& word) {
  std::int64_t number = 0;
  const std::string text = word.value_or("");
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size() ? number : 0;
}

Result<contain::Descriptor> descriptor_of(const std::optional<std::string>& word) {
  const std::int64_t number = number_of(word);
  if (number <= 2) return fail(Code::usage, "only `symbolon run` starts this");
  return contain::Descriptor(static_cast<int>(number));
}

void harden() {
  for (const std::string& refused : contain::harden_process()) log(LogLevel::warning, "not hardened: " + refused);
}

// SIGTERM as something that can be waited for beside other things.
Result<contain::Descriptor> stop_descriptor() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  contain::Descriptor stop(::signalfd(-1, &set, SFD_CLOEXEC));
  if (stop.get() < 0) return fail(Code::system_error, "signalfd failed");
  return stop;
}

// What a terminal sends on Ctrl-C goes to the supervisor alone, which says what follows; and nobody who breaks in can
// type into it.
void leave_the_terminal() { ::setsid(); }

Status signer(const RoleWords& words, const Session& session) {
  contain::Control control(TRY(descriptor_of(words.control)));
  const auto signing = TRY(descriptor_of(words.signing));
  std::signal(SIGHUP, SIG_IGN);  // it opens no file later: the supervisor starts it anew
  harden();
  const crypto::LockedMemory memory = crypto::lock_key_memory();
  const LoadedConfiguration loaded = TRY(load_configuration_silently(session));
  KeyFiles files = key_files(loaded, session);
  authority::SigningDeskOptions options{.state = loaded.state,
                                        .profiles = {},
                                        .keys = std::move(files.issuing),
                                        .head_key = std::move(files.heads),
                                        .threads = kSignerThreads};
  if (loaded.content.authority) options.profiles = loaded.content.authority->profiles;
  if (loaded.content.authority && loaded.content.authority->crl) {
    options.crls = loaded.content.authority->crl->places();
    options.crl_next_update = loaded.content.authority->crl->next_update;
  }
  if (loaded.content.authority && loaded.content.authority->ocsp) {
    options.ocsp_url = loaded.content.authority->ocsp->url.value_or("");
    options.ocsp_next_update = loaded.content.authority->ocsp->next_update;
  }
  const auto desk = TRY(authority::SigningDesk::open(options, session.clock()));
  leave_the_terminal();  // after a passphrase was typed
  const auto user = TRY(signer_user(loaded));
  if (user && user->name != TRY(user_of(loaded))->name) TRY(authority::give_keys_to(*user, desk->key_files()));
  TRY(change_user(user, contain::Keep::nothing));
  const auto stop = TRY(stop_descriptor());
  const Entry entry = TRY(enter_bounds(loaded, bounds_of_signer()));
  start_log_of("signer");
  say(entry);
  if (memory == crypto::LockedMemory::none) log(LogLevel::warning, "keys lie in memory that may be swapped out");
  log(LogLevel::info, "ready", {{"keys", std::to_string(desk->keys().size())}});
  control.ready();
  signer::serve({.descriptor = signing.get(), .stop = stop.get(), .threads = kSignerThreads}, *desk);
  return {};
}

FileOpener opener_over(contain::Control& control) {
  return [&control](const Path& path, OpenFor purpose) {
    return purpose == OpenFor::reading ? control.open_for_reading(path) : control.open_for_appending(path);
  };
}

// What is common to authority and gateway: they serve, reload, and tell the supervisor.
ServeOptions serving_as(const std::string& role, const RoleWords& words, contain::Control& control,
                        const Session& session) {
  ServeOptions out;
  out.role = role;
  out.metrics = words.metrics ? Metrics::served : Metrics::elsewhere;
  out.watches_files = false;
  out.load = [&session] { return load_configuration_silently(session); };
  out.load_again = [&session] { return load_configuration_again(session); };
  out.load_silently = [&session] { return load_configuration_silently(session); };
  const auto pass = [&control](const std::string& message) -> Status {
    if (control.tell(message)) return {};
    return fail(Code::system_error, "the supervisor hears nothing");
  };
  const auto period = number_of(words.watchdog);
  out.manager =
      net::ServiceManager::through(pass, period > 0 ? std::optional(std::chrono::microseconds(period)) : std::nullopt);
  return out;
}

// For all threads, also those that start before somebody waits for them.
void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Status authority(const RoleWords& words, const Session& session) {
  block_signals();
  contain::Control control(TRY(descriptor_of(words.control)));
  leave_the_terminal();
  harden();
  const LoadedConfiguration loaded = TRY(load_configuration_silently(session));
  TRY(change_user(TRY(user_of(loaded)), contain::Keep::low_ports));
  open_files_through(opener_over(control));
  const Entry entry = TRY(enter_bounds(loaded, bounds_of_authority(loaded)));
  const auto client = TRY(signer::Client::open(TRY(descriptor_of(words.signing)).release()));
  const auto on_new_key = [&control, client](ledger::IssuerId id) {
    control.renew("signer");
    return client->await_key(id.value);
  };
  ServeOptions serving = serving_as("authority", words, control, session);
  serving.roles = {.authority = true, .gateway = false};
  serving.keys = [&](const LoadedConfiguration&) {
    return AuthorityKeys{.source = authority::keys_behind(client),
                         .on_new = on_new_key,
                         .are_encrypted = authority::encrypted_behind(client),
                         .sign_crl = [client](const signer::CrlName& crl) { return client->sign_crl(crl); },
                         .ocsp_signer = authority::ocsp_signer_behind(client),
                         .head_signer = authority::head_signer_behind(client)};
  };
  serving.renew_authority = [&control] { control.renew("authority"); };
  serving.ready = [&](const Service&) -> Status {
    say(entry);
    return {};
  };
  return serve(serving, session);
}

Status gateway(const RoleWords& words, const Session& session) {
  block_signals();
  contain::Control control(TRY(descriptor_of(words.control)));
  leave_the_terminal();
  harden();
  const LoadedConfiguration loaded = TRY(load_configuration_silently(session));
  if (words.sockets) net::take_over_sockets(static_cast<std::size_t>(number_of(words.sockets)), words.socket_names);
  TRY(change_user(TRY(user_of(loaded)), contain::Keep::low_ports));
  open_files_through(opener_over(control));
  net::dial_through({.to_unix = [&control](const std::string& path) { return control.connect_unix(path); },
                     .to_tcp = [&control](std::string_view address) { return control.connect_tcp(address); }});
  net::bind_unix_through(
      {.bind = [&control](const std::string& path, unsigned mode) { return control.bind_unix(path, mode); },
       .remove = [&control](const std::string& path) { control.remove_unix(path); }});
  const Entry entry = TRY(enter_bounds(loaded, bounds_of_gateway(loaded)));
  TRY(close_unix_sockets(entry));
  ServeOptions serving = serving_as("gateway", words, control, session);
  serving.roles = {.authority = false, .gateway = true};
  serving.ready = [&](const Service&) -> Status {
    say(entry);
    return {};
  };
  return serve(serving, session);
}

}  // namespace

Command role_command() {
  auto words = std::make_shared<RoleWords>();
  const auto sub = [&](const char* name, const char* help, auto action) {
    return Command(name, help)
        .option("--control N", &words->control, "descriptor of the way to the supervisor")
        .option("--watchdog N", &words->watchdog, "microseconds within which the supervisor wants a sign of life")
        .option("--metrics", &words->metrics, "it serves them")
        .option("--sockets N", &words->sockets, "sockets of the service manager, from descriptor 3 on")
        .option("--socket-names NAMES", &words->socket_names, "what the service manager calls them")
        .option("--signing N", &words->signing, "descriptor of the way between authority and signer")
        .action([words, action](Session& session) { return action(*words, session); });
  };
  return Command("role", "One process of `symbolon run`")
      .hidden()
      .sub(sub("signer", "The keys of the issuing CAs", signer))
      .sub(sub("authority", "The ledger and the API", authority))
      .sub(sub("gateway", "The routes", gateway));
}

}  // namespace symbolon::cli
