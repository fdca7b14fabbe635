// What a role says to its supervisor, which may be root's: total, and what is read is what a role says with these
// words.
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "contain/control.h"

using namespace symbolon;
using contain::Said;

namespace {

constexpr std::size_t kQuestionAt = 1;

void require(bool holds) {
  if (!holds) std::abort();
}

contain::PacketPair pair() {
  auto made = contain::packet_pair();
  require(made.has_value());
  return std::move(*made);
}

// A role's question is refused before it is asked: it waits for nothing.
void say_again(contain::Control& role, int supervisor, const Said& said) {
  contain::answer_with(supervisor, {.question = 0}, -EACCES);
  switch (said.what) {
    case Said::What::ready: return role.ready();
    case Said::What::told: return require(role.tell(said.path.native()));
    case Said::What::renew: return role.renew(said.path.native());
    case Said::What::remove_unix: return role.remove_unix(said.path);
    case Said::What::open: return require(role.open_for_reading(said.path) == -EACCES);
    case Said::What::append: return require(role.open_for_appending(said.path) == -EACCES);
    case Said::What::connect_unix: return require(role.connect_unix(said.path) == -EACCES);
    case Said::What::connect_tcp: return require(role.connect_tcp(said.address) == -EACCES);
    case Said::What::bind_unix: return require(role.bind_unix(said.path, said.mode) == -EACCES);
    case Said::What::ended:
    case Said::What::nothing: std::abort();
  }
}

bool has_question(Said::What what) {
  switch (what) {
    case Said::What::open:
    case Said::What::append:
    case Said::What::connect_unix:
    case Said::What::connect_tcp:
    case Said::What::bind_unix: return true;
    case Said::What::ready:
    case Said::What::told:
    case Said::What::renew:
    case Said::What::remove_unix:
    case Said::What::ended:
    case Said::What::nothing: return false;
  }
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto heard = pair();
  if (::send(heard.theirs.get(), data, size, MSG_DONTWAIT) != static_cast<ssize_t>(size)) return 0;  // beyond a packet
  const Said said = contain::read_control(heard.ours.get());
  require(contain::read_control(heard.ours.get()).what == Said::What::nothing);  // all of it was taken
  if (size == 0) require(said.what == Said::What::ended);
  if (said.what == Said::What::ended) return require(size == 0), 0;
  if (said.what == Said::What::nothing) return 0;
  require(said.path.native().find('\0') == std::string::npos);

  std::string packet(reinterpret_cast<const char*>(data), size);
  if (said.what == Said::What::ready) packet.resize(1);  // what follows counts for nothing
  if (has_question(said.what)) {
    require(std::memcmp(packet.data() + kQuestionAt, &said.question, sizeof said.question) == 0);
    std::memset(packet.data() + kQuestionAt, 0, sizeof said.question);  // the first question of a role
  }
  auto again = pair();
  contain::Control role(std::move(again.theirs));
  say_again(role, again.ours.get(), said);
  std::string spoken(size + 1, '\0');
  const ssize_t length = ::recv(again.ours.get(), spoken.data(), spoken.size(), MSG_DONTWAIT);
  require(length >= 0);
  spoken.resize(static_cast<std::size_t>(length));
  require(spoken == packet);
  return 0;
}
