// What systemd says to a service and hears from it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "net/sd_listen_fds.h"
#include "net/sd_notify.h"

namespace symbolon::net {
namespace {

// Runs in a process of its own, since descriptors 3 and following are at stake; true if the child said so.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void say(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }

// The socket as descriptor 3, and what the manager says about it.
void hand_over(const ListeningSocket& socket, const std::string& names) {
  dup2(socket.get(), 3);
  say("LISTEN_PID", std::to_string(getpid()));
  say("LISTEN_FDS", "1");
  say("LISTEN_FDNAMES", names);
}

ListeningSocket listening(std::string_view where) {
  auto sockets = listen(Endpoint::parse(where).value(), {});
  return std::move(sockets->front());
}

TEST(Inherited, SocketsAreFoundByTheirAddress) {
  for (const char* const where : {"127.0.0.1:0", ":0", "[::1]:0"}) {
    EXPECT_TRUE(in_child([&] {
      const ListeningSocket socket = listening(where);
      const Endpoint address = bound_to(socket.get());
      hand_over(socket, "web");
      const auto inherited = InheritedSockets::from_environment();
      if (!inherited || std::getenv("LISTEN_FDS") != nullptr) return false;
      Endpoint other = address;
      ++other.port;
      return inherited->bound_to(address)->size() == 1 && inherited->bound_to(other)->empty() &&
             inherited->besides({address}).empty() && inherited->besides({other}).size() == 1;
    })) << where;
  }
}

TEST(Inherited, SocketsOfAnotherProcessAreLeftAlone) {
  EXPECT_TRUE(in_child([] {
    const ListeningSocket socket = listening("127.0.0.1:0");
    hand_over(socket, "web");
    say("LISTEN_PID", std::to_string(getpid() + 1));
    const auto inherited = InheritedSockets::from_environment();
    return inherited.has_value() && inherited->besides({}).empty();
  }));
}

TEST(Inherited, WhatIsNoListeningSocketIsRefused) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    EXPECT_TRUE(in_child([&] {
      const ListeningSocket mute(socket(AF_INET, type, 0));
      hand_over(mute, "web");
      const auto inherited = InheritedSockets::from_environment();
      return !inherited && inherited.error().code == Code::activation_unusable;
    })) << type;
  }
  for (const char* const count : {"-1", "many", "99999999999999999999"}) {
    EXPECT_TRUE(in_child([&] {
      say("LISTEN_PID", std::to_string(getpid()));
      say("LISTEN_FDS", count);
      const auto inherited = InheritedSockets::from_environment();
      return !inherited && inherited.error().code == Code::activation_unusable;
    })) << count;
  }
}

// Messages arrive at both kinds of address, one datagram each.
TEST(Notifying, SaysWhatIsTheCase) {
  char pattern[] = "/tmp/symbolon_notify_XXXXXX";
  const std::string folder = mkdtemp(pattern);
  for (const std::string& name : {folder + "/socket", "@symbolon-test-" + std::to_string(getpid())}) {
    const ListeningSocket manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    say("NOTIFY_SOCKET", name);
    say("WATCHDOG_USEC", "500000");
    say("WATCHDOG_PID", std::to_string(getpid()));
    const auto service = ServiceManager::from_environment();
    ASSERT_TRUE(service.has_value());
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    EXPECT_EQ(service->watchdog(), std::chrono::milliseconds(500));
    const auto heard = [&] {
      std::string text(4096, '\0');
      const ssize_t size = recv(manager.get(), text.data(), text.size(), 0);
      text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
      return text;
    };
    ASSERT_TRUE(service->ready("two\nlines"));
    EXPECT_EQ(heard(), "READY=1\nSTATUS=two lines");
    ASSERT_TRUE(service->reloading("again"));
    EXPECT_TRUE(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    ASSERT_TRUE(service->alive());
    EXPECT_EQ(heard(), "WATCHDOG=1");
  }
  unlink((folder + "/socket").c_str());
  rmdir(folder.c_str());
}

TEST(Notifying, IsSilentWithoutAManagerAndSaysWhenItIsGone) {
  const auto nobody = ServiceManager::from_environment();
  ASSERT_TRUE(nobody.has_value());
  EXPECT_FALSE(nobody->listens());
  EXPECT_TRUE(nobody->ready(""));
  say("NOTIFY_SOCKET", "/nonexistent/notify");
  const auto gone = ServiceManager::from_environment();
  ASSERT_TRUE(gone.has_value());
  EXPECT_EQ(gone->ready("").error().code, Code::system_error);
}

TEST(Notifying, RefusesWhatCannotBeMeant) {
  for (const char* const address : {"relative", "@", "/"}) {
    say("NOTIFY_SOCKET", address);
    EXPECT_EQ(ServiceManager::from_environment().error().code, Code::config_bad_value) << address;
  }
  for (const char* const period : {"0", "-5", "soon"}) {
    say("WATCHDOG_USEC", period);
    EXPECT_EQ(ServiceManager::from_environment().error().code, Code::config_bad_value) << period;
  }
  say("WATCHDOG_USEC", "1000");
  say("WATCHDOG_PID", "1");
  const auto of_another = ServiceManager::from_environment();
  ASSERT_TRUE(of_another.has_value());
  EXPECT_FALSE(of_another->watchdog().has_value());
}

}  // namespace
}  // namespace symbolon::net
