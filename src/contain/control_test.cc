#include "contain/control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

namespace symbolon::contain {
namespace {

class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "symbolon.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    auto pair = packet_pair();
    EXPECT_TRUE(pair);
    supervisor_ = std::move(pair->ours);
    role_.emplace(std::move(pair->theirs));
  }
  ~ControlTest() override { std::filesystem::remove_all(folder_); }

  // What the supervisor hears next.
  Said hear() {
    pollfd wait{.fd = supervisor_.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&wait, 1, 20'000), 1);
    return read_control(supervisor_.get());
  }
  int ask(const Path& file, Allowed allowed) {
    int outcome = 0;
    std::thread role([&] { outcome = role_->open_for_reading(file); });
    const Said said = hear();
    EXPECT_EQ(said.what, Said::What::open);
    EXPECT_EQ(said.path, file);
    answer_with(supervisor_.get(), said, allowed == Allowed::yes ? open_plain_file(file) : -EACCES);
    role.join();
    return outcome;
  }

  Path folder_;
  Descriptor supervisor_;
  std::optional<Control> role_;
};

TEST_F(ControlTest, TellsWhenARoleIsReadyAndWhenItIsGone) {
  EXPECT_EQ(read_control(supervisor_.get()).what, Said::What::nothing);
  role_->ready();
  EXPECT_EQ(hear().what, Said::What::ready);
  role_.reset();
  EXPECT_EQ(hear().what, Said::What::ended);
}

TEST_F(ControlTest, OpensWhatIsAllowed) {
  std::ofstream(folder_ / "a.crt") << "content";
  const Descriptor opened(ask(folder_ / "a.crt", Allowed::yes));
  char text[16] = {};
  EXPECT_EQ(::read(opened.get(), text, sizeof text), 7);
  EXPECT_STREQ(text, "content");
}

TEST_F(ControlTest, GivesNoAnswerToAnotherQuestion) {
  std::ofstream(folder_ / "a.crt") << "content";
  std::ofstream(folder_ / "b.crt") << "others";
  // An answer that came too late for its question lies there already.
  answer_with(supervisor_.get(), {.what = Said::What::open, .question = 77}, open_plain_file(folder_ / "a.crt"));
  const Descriptor opened(ask(folder_ / "b.crt", Allowed::yes));
  char text[16] = {};
  EXPECT_EQ(::read(opened.get(), text, sizeof text), 6);
  EXPECT_STREQ(text, "others");
}

TEST_F(ControlTest, PassesOnWhatWasOpenedForAppending) {
  std::ofstream(folder_ / "records") << "a";
  const auto append = [&](Allowed allowed) {
    int outcome = 0;
    std::thread role([&] { outcome = role_->open_for_appending(folder_ / "records"); });
    const Said said = hear();
    EXPECT_EQ(said.what, Said::What::append);
    const int opened = ::open(said.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    answer_with(supervisor_.get(), said, allowed == Allowed::yes ? opened : -EACCES);
    if (allowed == Allowed::no) ::close(opened);
    role.join();
    return outcome;
  };
  EXPECT_EQ(append(Allowed::no), -EACCES);
  const Descriptor opened(append(Allowed::yes));
  EXPECT_EQ(::write(opened.get(), "b", 1), 1);
  std::string text;
  std::ifstream(folder_ / "records") >> text;
  EXPECT_EQ(text, "ab");
}

TEST_F(ControlTest, PassesOnWhatIsTold) {
  EXPECT_TRUE(role_->tell("READY=1\nSTATUS=ready"));
  const Said said = hear();
  EXPECT_EQ(said.what, Said::What::told);
  EXPECT_EQ(said.path, "READY=1\nSTATUS=ready");
}

TEST_F(ControlTest, TellsWhoIsToBeStartedAnew) {
  role_->renew("signer");
  const Said said = hear();
  EXPECT_EQ(said.what, Said::What::renew);
  EXPECT_EQ(said.path, "signer");
}

TEST_F(ControlTest, PassesOverWhatItCannotRead) {
  const auto heard_of = [&](std::string_view packet) {
    auto pair = packet_pair();
    EXPECT_TRUE(pair);
    EXPECT_EQ(::send(pair->theirs.get(), packet.data(), packet.size(), 0), static_cast<ssize_t>(packet.size()));
    return read_control(pair->ours.get()).what;
  };
  for (const std::string_view packet : {"O", "Oabc", "C123", "X", "?path", "P1234", "P1234\x02", "B1234", "B1234abc"}) {
    EXPECT_EQ(heard_of(packet), Said::What::nothing) << packet;
  }
  EXPECT_EQ(heard_of(std::string_view("O1234/a\0b", 9)), Said::What::nothing);
  EXPECT_EQ(heard_of("O1234/a"), Said::What::open);
  EXPECT_EQ(heard_of("T" + std::string(4096, 'x')), Said::What::told);
  EXPECT_EQ(heard_of("T" + std::string(5000, 'x')), Said::What::nothing);  // it would be cut
}

TEST_F(ControlTest, RefusesTheRest) {
  std::ofstream(folder_ / "a.crt") << "content";
  EXPECT_EQ(ask(folder_ / "a.crt", Allowed::no), -EACCES);
  EXPECT_EQ(ask(folder_ / "missing", Allowed::yes), -ENOENT);
  EXPECT_EQ(ask(folder_, Allowed::yes), -EACCES);  // a folder
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(ask(folder_ / "fifo", Allowed::yes), -EACCES);
  EXPECT_EQ(role_->open_for_reading(std::string(5000, 'x')), -EACCES);
}

TEST_F(ControlTest, BeginsATcpConnectionWhereThatIsAllowed) {
  const Descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listening.get(), 1), 0);
  ASSERT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::string octets(reinterpret_cast<const char*>(&address), sizeof address);
  const auto connect = [&](Allowed allowed) {
    int outcome = 0;
    std::thread role([&] { outcome = role_->connect_tcp(octets); });
    const Said said = hear();
    EXPECT_EQ(said.what, Said::What::connect_tcp);
    EXPECT_EQ(said.address, octets);
    answer_connect_tcp(supervisor_.get(), said, allowed);
    role.join();
    return outcome;
  };
  EXPECT_EQ(connect(Allowed::no), -EACCES);
  const Descriptor begun(connect(Allowed::yes));
  ASSERT_GE(begun.get(), 0);
  pollfd wait{.fd = begun.get(), .events = POLLOUT, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 20'000), 1);
  EXPECT_EQ(::send(begun.get(), "x", 1, MSG_NOSIGNAL), 1);
}

TEST_F(ControlTest, AsksToRemoveASocket) {
  role_->remove_unix(folder_ / "socket");
  const Said said = hear();
  EXPECT_EQ(said.what, Said::What::remove_unix);
  EXPECT_EQ(said.path, folder_ / "socket");
}

TEST_F(ControlTest, AsksForABoundSocketWithItsMode) {
  int outcome = 0;
  std::thread role([&] { outcome = role_->bind_unix(folder_ / "socket", 0660); });
  const Said said = hear();
  EXPECT_EQ(said.what, Said::What::bind_unix);
  EXPECT_EQ(said.path, folder_ / "socket");
  EXPECT_EQ(said.mode, 0660U);
  answer_with(supervisor_.get(), said, -EADDRINUSE);
  role.join();
  EXPECT_EQ(outcome, -EADDRINUSE);
}

TEST_F(ControlTest, ConnectsWhereThatIsAllowed) {
  const Path path = folder_ / "socket";
  const Descriptor listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto connect = [&](Allowed allowed) {
    int outcome = 0;
    std::thread role([&] { outcome = role_->connect_unix(path); });
    const Said said = hear();
    EXPECT_EQ(said.what, Said::What::connect_unix);
    answer_with(supervisor_.get(), said, allowed == Allowed::yes ? connect_unix_socket(said.path) : -EACCES);
    role.join();
    return outcome;
  };
  EXPECT_EQ(connect(Allowed::no), -EACCES);
  EXPECT_EQ(connect(Allowed::yes), -ECONNREFUSED);  // nobody listens yet
  ASSERT_EQ(::listen(listening.get(), 1), 0);
  const Descriptor connected(connect(Allowed::yes));
  ASSERT_GE(connected.get(), 0);
  EXPECT_EQ(::send(connected.get(), "x", 1, MSG_NOSIGNAL), 1);
}

}  // namespace
}  // namespace symbolon::contain
