#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <future>

#include "net/dial.h"
#include "net/drain.h"
#include "net/listener.h"
#include "net/unix_socket_file.h"

namespace symbolon::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// Runs a coroutine to its end on an io_context of its own.
template <typename T>
T run(std::function<Task<T>()> body) {
  asio::io_context context;
  std::optional<T> out;
  std::exception_ptr problem;
  auto done = [&](std::exception_ptr error, T value) {
    problem = error;
    if (!error) out.emplace(std::move(value));
    context.stop();
  };
  asio::co_spawn(context, body, done);
  context.run();
  if (problem) std::rethrow_exception(problem);
  return std::move(*out);
}

Endpoint endpoint(std::string_view text) { return Endpoint::parse(text).value(); }

class Folder {
 public:
  Folder() {
    std::string pattern = "/tmp/symbolon-net-XXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

TEST(Listening, APortThatIsServedIsRefusedToASecondGroup) {
  const auto first = listen(endpoint("127.0.0.1:0"), {.sockets = 2});
  ASSERT_TRUE(first.has_value()) << first.error().text();
  ASSERT_EQ(first->size(), 2U);
  const Endpoint bound = bound_to(first->front().get());
  EXPECT_EQ(bound_to(first->back().get()), bound);
  const auto second = listen(bound, {.sockets = 2});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::listen_in_use);
}

TEST(Listening, EveryAddressMeansBothFamilies) {
  const auto sockets = listen(endpoint(":0"), {.sockets = 2});
  ASSERT_TRUE(sockets.has_value()) << sockets.error().text();
  const Endpoint bound = bound_to(sockets->front().get());
  EXPECT_EQ(bound.kind, Endpoint::Kind::any);
  for (const std::string host : {"127.0.0.1", "::1"}) {
    const auto connected = run<bool>([&]() -> Task<bool> {
      const Endpoint target{Endpoint::Kind::address, host, bound.port};
      const auto socket = co_await dial(target, in(5s));
      co_return socket.has_value();
    });
    EXPECT_TRUE(connected) << host;
  }
}

TEST(Listening, TheFileOfADeadUnixSocketIsReplacedAndALiveOneIsNot) {
  const Folder folder;
  const Endpoint path{Endpoint::Kind::unix_path, folder.path + "/s", 0};
  {
    auto dead = listen(path, {});
    ASSERT_TRUE(dead.has_value());
    struct stat status{};
    ASSERT_EQ(stat(path.host.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
  const auto live = listen(path, {});
  ASSERT_TRUE(live.has_value()) << live.error().text();
  const auto second = listen(path, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::listen_in_use);
}

TEST(Listening, TheFileOfAUnixSocketGoesWithItUnlessAnotherTookItsPlace) {
  const Folder folder;
  const Endpoint path{Endpoint::Kind::unix_path, folder.path + "/s", 0};
  {
    const auto sockets = listen(path, {.sockets = 4});
    ASSERT_EQ(sockets->size(), 1U);
    const UnixSocketFile file(path);
    ASSERT_TRUE(file.set_mode(0660));
    struct stat status{};
    ASSERT_EQ(stat(path.host.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0660U);
  }
  EXPECT_FALSE(std::filesystem::exists(path.host));
  {
    const auto first = listen(path, {});
    const UnixSocketFile file(path);
    std::filesystem::rename(path.host, path.host + ".old");
    const auto second = listen(path, {});
    ASSERT_TRUE(second.has_value()) << second.error().text();
  }
  EXPECT_TRUE(std::filesystem::exists(path.host));
}

TEST(Listening, AFileThatIsNoSocketIsNotRemoved) {
  const Folder folder;
  const Endpoint path{Endpoint::Kind::unix_path, folder.path + "/precious", 0};
  std::ofstream(path.host) << "data";
  EXPECT_FALSE(listen(path, {}).has_value());
  EXPECT_TRUE(std::filesystem::exists(path.host));
}

TEST(Dialling, WhereNothingListensIsSaid) {
  Endpoint nobody;
  {
    const auto sockets = listen(endpoint("127.0.0.1:0"), {});
    nobody = bound_to(sockets->front().get());
  }
  const auto code = run<Code>([&]() -> Task<Code> {
    const auto socket = co_await dial(nobody, in(5s));
    co_return socket ? Code::internal : socket.error().code;
  });
  EXPECT_EQ(code, Code::connection_refused);
}

TEST(Dialling, ADeadlineThatPassesIsSaid) {
  // A listener whose queue is full: the kernel drops the SYN.
  const auto sockets = listen(endpoint("127.0.0.1:0"), {.backlog = 0});
  const Endpoint full = bound_to(sockets->front().get());
  const auto code = run<Code>([&]() -> Task<Code> {
    std::vector<Socket> held;
    for (int i = 0; i < 8; ++i) {
      auto socket = co_await dial(full, in(300ms));
      if (!socket) co_return socket.error().code;
      held.push_back(std::move(*socket));
    }
    co_return Code::internal;
  });
  EXPECT_EQ(code, Code::connection_timeout);
}

TEST(Dialling, AFullQueueOfAUnixSocketIsWaitedFor) {
  const Folder folder;
  const Endpoint path{Endpoint::Kind::unix_path, folder.path + "/s", 0};
  auto sockets = listen(path, {.backlog = 0});
  const auto codes = run<std::vector<Code>>([&]() -> Task<std::vector<Code>> {
    const auto executor = co_await asio::this_coro::executor;
    std::vector<Code> out;
    std::vector<Socket> held;
    while (out.empty()) {
      auto socket = co_await dial(path, in(30ms));
      if (socket) {
        held.push_back(std::move(*socket));
      } else {
        out.push_back(socket.error().code);
      }
    }
    bool waits = true;
    auto wait = [&]() -> Task<void> {
      const auto socket = co_await dial(path, in(60s));
      out.push_back(socket ? Code::usage : socket.error().code);
      waits = false;
    };
    asio::co_spawn(executor, wait, asio::detached);
    Listener listener(executor, std::move(sockets->front()));
    for (std::size_t i = 0; i < held.size(); ++i) EXPECT_TRUE(co_await listener.accept());
    while (waits) co_await asio::post(executor, asio::use_awaitable);
    co_return out;
  });
  EXPECT_EQ(codes, (std::vector{Code::connection_timeout, Code::usage}));
}

TEST(Accepting, SurvivesTheLastDescriptor) {
  auto sockets = listen(endpoint("127.0.0.1:0"), {});
  const auto code = run<Code>([&]() -> Task<Code> {
    const auto executor = co_await asio::this_coro::executor;
    Listener listener(executor, std::move(sockets->front()));
    auto client = co_await dial(listener.local(), in(5s));
    auto second = co_await dial(listener.local(), in(5s));
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;  // all taken
    setrlimit(RLIMIT_NOFILE, &none);
    const auto refused = co_await listener.accept();
    setrlimit(RLIMIT_NOFILE, &before);
    if (refused) co_return Code::internal;
    auto accepted = co_await listener.accept();
    if (!accepted) co_return Code::internal;
    co_return refused.error().code;
  });
  EXPECT_EQ(code, Code::out_of_descriptors);
}

// A listener that is to go serves those who wait at its door already.
TEST(Accepting, FinishesWithWhatTheBacklogHolds) {
  for (const bool waits : {false, true}) {
    auto sockets = listen(endpoint("127.0.0.1:0"), {});
    const int served = run<int>([&]() -> Task<int> {
      const auto executor = co_await asio::this_coro::executor;
      Listener listener(executor, std::move(sockets->front()));
      const Endpoint there = listener.local();
      std::vector<Result<Socket>> clients;
      if (waits) {
        asio::post(executor, [&] { listener.finish(); });  // while accept() waits
      } else {
        for (int i = 0; i < 3; ++i) clients.push_back(co_await dial(there, in(5s)));
        listener.finish();
      }
      int count = 0;
      while (true) {
        const auto accepted = co_await listener.accept();
        if (!accepted) {
          EXPECT_EQ(accepted.error().code, Code::cancelled);
          break;
        }
        ++count;
      }
      const auto late = co_await dial(there, in(5s));
      EXPECT_EQ(late ? Code::internal : late.error().code, Code::connection_refused);
      co_return count;
    });
    EXPECT_EQ(served, waits ? 0 : 3);
  }
}

TEST(Accepting, TellsTheFarEnd) {
  auto sockets = listen(endpoint(":0"), {});
  const auto text = run<std::string>([&]() -> Task<std::string> {
    const auto executor = co_await asio::this_coro::executor;
    Listener listener(executor, std::move(sockets->front()));
    const Endpoint target{Endpoint::Kind::address, "127.0.0.1", listener.local().port};
    auto client = co_await dial(target, in(5s));
    auto accepted = co_await listener.accept();
    EXPECT_EQ(accepted->peer.port, client->local_endpoint().size() ? accepted->peer.port : 0);
    EXPECT_EQ(peer_text(accepted->socket), accepted->peer.text());
    co_return accepted->peer.address;
  });
  EXPECT_EQ(text, "127.0.0.1");  // not ::ffff:127.0.0.1
}

// The last words before a close reach a peer that writes a lot before it reads, and are lost without draining.
bool last_words_arrive(std::size_t unread, std::shared_ptr<DrainRoom> room) {
  auto sockets = listen(endpoint("127.0.0.1:0"), {});
  return run<bool>([&]() -> Task<bool> {
    const auto executor = co_await asio::this_coro::executor;
    Listener listener(executor, std::move(sockets->front()));
    auto client = co_await dial(listener.local(), in(5s));
    auto accepted = co_await listener.accept();
    const std::string flood(unread, 'x');
    boost::system::error_code error;
    co_await asio::async_write(*client, asio::buffer(flood.data(), 1024), asio::use_awaitable);
    co_await accepted->socket.async_wait(Socket::wait_read, asio::use_awaitable);
    co_await asio::async_write(accepted->socket, asio::buffer("alert", 5), asio::use_awaitable);
    auto draining = drain_and_close(std::move(accepted->socket), room);
    if (room->limits().drainers == 0) {
      co_await std::move(draining);
    } else {
      asio::co_spawn(executor, std::move(draining), asio::detached);
    }
    co_await asio::async_write(*client, asio::buffer(flood.data(), unread - 1024),
                               asio::redirect_error(asio::use_awaitable, error));
    std::string got(5, ' ');
    if (error) co_return false;  // whoever cannot write does not go on to read
    co_await asio::async_read(*client, asio::buffer(got), asio::redirect_error(asio::use_awaitable, error));
    client->close();
    while (room->inside() != 0) co_await asio::post(executor, asio::use_awaitable);
    co_return !error && got == "alert";
  });
}

TEST(Draining, LastWordsArriveAtAPeerThatWritesFirst) {
  EXPECT_TRUE(last_words_arrive(256 * 1024, std::make_shared<DrainRoom>(DrainLimits{})));
}

TEST(Draining, WithoutItTheyAreLost) {
  EXPECT_FALSE(last_words_arrive(256 * 1024, std::make_shared<DrainRoom>(DrainLimits{.drainers = 0})));
}

TEST(Draining, EndsAtItsLimitOfTime) {
  auto sockets = listen(endpoint("127.0.0.1:0"), {});
  const auto room = std::make_shared<DrainRoom>(DrainLimits{.time = 50ms});
  const bool closed = run<bool>([&]() -> Task<bool> {
    const auto executor = co_await asio::this_coro::executor;
    Listener listener(executor, std::move(sockets->front()));
    auto client = co_await dial(listener.local(), in(5s));
    auto accepted = co_await listener.accept();
    co_await drain_and_close(std::move(accepted->socket), room);  // the client neither writes nor closes
    co_return true;
  });
  EXPECT_TRUE(closed);
  EXPECT_EQ(room->inside(), 0U);
}

TEST(Draining, AResetComesBehindWhatWasWritten) {
  auto sockets = listen(endpoint("127.0.0.1:0"), {});
  const auto room = std::make_shared<DrainRoom>(DrainLimits{});
  const auto seen = run<std::string>([&]() -> Task<std::string> {
    const auto executor = co_await asio::this_coro::executor;
    Listener listener(executor, std::move(sockets->front()));
    auto client = co_await dial(listener.local(), in(5s));
    auto accepted = co_await listener.accept();
    boost::system::error_code error;
    const std::string words(1000, 'w');
    co_await asio::async_write(accepted->socket, asio::buffer(words), asio::redirect_error(asio::use_awaitable, error));
    co_await deliver_and_reset(std::move(accepted->socket), room);
    std::string got(words.size(), '\0');
    co_await asio::async_read(*client, asio::buffer(got), asio::redirect_error(asio::use_awaitable, error));
    if (error || got != words) co_return "not all came: " + error.message();
    co_await client->async_read_some(asio::buffer(got), asio::redirect_error(asio::use_awaitable, error));
    co_return error == asio::error::connection_reset ? "reset" : error.message();
  });
  EXPECT_EQ(seen, "reset");
}

}  // namespace
}  // namespace symbolon::net
