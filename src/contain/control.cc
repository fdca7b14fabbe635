#include "contain/control.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace symbolon::contain {
namespace {

constexpr char kReady = 'R';
constexpr char kOpen = 'O';
constexpr char kAppend = 'A';
constexpr char kConnectUnix = 'C';
constexpr char kConnectTcp = 'P';
constexpr char kBindUnix = 'B';
constexpr char kRemoveUnix = 'U';
constexpr char kRenew = 'N';
constexpr char kTold = 'T';
constexpr std::size_t kLargest = 4096 + 16;  // octets of a packet: PATH_MAX, and what stands before
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

// An answer; a descriptor travels beside it where there is no problem.
struct Outcome {
  std::uint32_t question;
  int problem;  // errno
};

union DescriptorSpace {
  cmsghdr header;
  char octets[CMSG_SPACE(sizeof(int))];
};

void send_outcome(int end, Outcome outcome, int descriptor) {
  iovec part{.iov_base = &outcome, .iov_len = sizeof outcome};
  DescriptorSpace space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = space.octets;
    message.msg_controllen = sizeof space.octets;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ::sendmsg(end, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

struct Received {
  Outcome outcome;
  Descriptor descriptor;
};

// Nothing: no answer came in time.
std::optional<Received> receive_outcome(int end) {
  Received out{};
  iovec part{.iov_base = &out.outcome, .iov_len = sizeof out.outcome};
  DescriptorSpace space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space.octets;
  message.msg_controllen = sizeof space.octets;
  ssize_t size = 0;
  do {
    size = ::recvmsg(end, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof out.outcome)) return std::nullopt;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    out.descriptor = Descriptor(descriptor);
  }
  return out;
}

// Whole, and of a family that has ports.
bool is_internet_address(std::string_view octets) {
  sa_family_t family = AF_UNSPEC;
  if (octets.size() < sizeof family) return false;
  std::memcpy(&family, octets.data(), sizeof family);
  return (family == AF_INET && octets.size() == sizeof(sockaddr_in)) ||
         (family == AF_INET6 && octets.size() == sizeof(sockaddr_in6));
}

}  // namespace

Control::Control(Descriptor end) : end_(std::move(end)) {
  ::setsockopt(end_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
}

void Control::ready() {
  const std::lock_guard lock(mutex_);
  ::send(end_.get(), &kReady, 1, MSG_NOSIGNAL);
}

bool Control::tell(const std::string& text) {
  const std::string packet = kTold + text.substr(0, kLargest - 1);
  const std::lock_guard lock(mutex_);
  return ::send(end_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) >= 0;
}

int Control::open_for_reading(const Path& path) { return ask(kOpen, path.native()); }
int Control::open_for_appending(const Path& path) { return ask(kAppend, path.native()); }
int Control::connect_unix(const Path& path) { return ask(kConnectUnix, path.native()); }
int Control::connect_tcp(std::string_view address) { return ask(kConnectTcp, address); }

int Control::bind_unix(const Path& path, unsigned mode) {
  std::string words(reinterpret_cast<const char*>(&mode), sizeof mode);
  return ask(kBindUnix, words + path.native());
}

void Control::remove_unix(const Path& path) {
  const std::string packet = kRemoveUnix + path.native();
  const std::lock_guard lock(mutex_);
  ::send(end_.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
}

void Control::renew(const std::string& role) {
  const std::string packet = kRenew + role;
  const std::lock_guard lock(mutex_);
  ::send(end_.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
}

int Control::ask(char what, std::string_view words) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t question = next_++;
  std::string packet(1, what);
  packet.append(reinterpret_cast<const char*>(&question), sizeof question);
  packet += words;
  if (packet.size() > kLargest) return -EACCES;
  if (::send(end_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return -errno;
  while (true) {
    auto received = receive_outcome(end_.get());
    if (!received) return -ETIMEDOUT;
    if (received->outcome.question != question) continue;  // of a question whose asker did not wait any more
    if (received->outcome.problem != 0) return -received->outcome.problem;
    const int descriptor = received->descriptor.release();
    return descriptor < 0 ? -EBADF : descriptor;
  }
}

Said read_control(int end) {
  std::array<char, kLargest> packet;
  const ssize_t size = ::recv(end, packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (size == 0) return {Said::What::ended};
  if (size < 0 || static_cast<std::size_t>(size) > packet.size()) return {};  // what was cut off says something else
  std::string_view text(packet.data(), static_cast<std::size_t>(size));
  const char what = text.front();
  text.remove_prefix(1);
  if (what == kReady) return {Said::What::ready};
  if (what == kTold && text.find('\0') == std::string_view::npos) return {Said::What::told, text};
  if (what == kRenew && text.find('\0') == std::string_view::npos) return {Said::What::renew, text};
  if (what == kRemoveUnix && text.find('\0') == std::string_view::npos) return {Said::What::remove_unix, text};
  Said said;
  switch (what) {
    case kOpen: said.what = Said::What::open; break;
    case kAppend: said.what = Said::What::append; break;
    case kConnectUnix: said.what = Said::What::connect_unix; break;
    case kConnectTcp: said.what = Said::What::connect_tcp; break;
    case kBindUnix: said.what = Said::What::bind_unix; break;
    default: return {};
  }
  if (text.size() < sizeof said.question) return {};
  std::memcpy(&said.question, text.data(), sizeof said.question);
  text.remove_prefix(sizeof said.question);
  if (said.what == Said::What::connect_tcp) {
    if (!is_internet_address(text)) return {};
    said.address = text;
    return said;
  }
  if (said.what == Said::What::bind_unix) {
    if (text.size() < sizeof said.mode) return {};
    std::memcpy(&said.mode, text.data(), sizeof said.mode);
    text.remove_prefix(sizeof said.mode);
  }
  if (text.find('\0') != std::string_view::npos) return {};
  said.path = text;
  return said;
}

int open_plain_file(const Path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info = {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return -errno;
  return S_ISREG(info.st_mode) ? file.release() : -EACCES;
}

int connect_unix_socket(const Path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return -errno;
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(socket.get(), to, sizeof address) == 0 ? socket.release() : -errno;
}

void answer_connect_tcp(int end, const Said& said, Allowed allowed) {
  const auto answer = [&](int problem, int descriptor) { send_outcome(end, {said.question, problem}, descriptor); };
  if (allowed == Allowed::no) return answer(EACCES, -1);
  sockaddr_storage address{};
  std::memcpy(&address, said.address.data(), said.address.size());
  const Descriptor socket(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return answer(errno, -1);
  const auto length = static_cast<socklen_t>(said.address.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 && errno != EINPROGRESS) {
    return answer(errno, -1);
  }
  answer(0, socket.get());
}

void answer_with(int end, const Said& said, int outcome) {
  const Descriptor made(outcome);
  send_outcome(end, {said.question, outcome < 0 ? -outcome : 0}, outcome);
}

}  // namespace symbolon::contain
