#include "base/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <utility>

#include "base/errno_text.h"

namespace symbolon {
namespace {

constexpr int kMostLinks = 40;  // as many as the kernel follows (path_resolution(7))
// Not IN_MODIFY: what is written in pieces is told when it is closed. IN_ATTRIB: a key's mode was mended.
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;

using Names = std::map<Path, std::set<std::string>>;  // folder -> what in it matters

// Notes each step of the way to the file, symbolic links resolved.
void note_way(const Path& file, Names& names) {
  std::error_code error;
  const Path absolute = std::filesystem::absolute(file, error);
  std::deque<Path> rest(absolute.begin(), absolute.end());
  Path folder;
  for (int links = 0; !rest.empty();) {
    const Path name = rest.front();
    rest.pop_front();
    if (name.is_absolute()) {
      folder = name;
    } else if (name == "..") {
      folder = folder.parent_path();
    } else if (!name.empty() && name != ".") {
      names[folder].insert(name.string());
      const Path target = std::filesystem::read_symlink(folder / name, error);
      if (error || ++links > kMostLinks) {
        folder /= name;
      } else {
        rest.insert(rest.begin(), target.begin(), target.end());
      }
    }
  }
}

}  // namespace

Result<FileWatch> FileWatch::open() {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0)
    return fail(
        errno == ENFILE ? Code::out_of_descriptors : Code::system_error, "watching files: {}",
        errno == EMFILE ? "fs.inotify.max_user_instances, or the limit of descriptors, is reached" : errno_text(errno));
  return FileWatch(descriptor);
}

FileWatch::FileWatch(FileWatch&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), folders_(std::move(other.folders_)) {}

FileWatch::~FileWatch() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status FileWatch::watch(const std::vector<Path>& files) {
  Names wanted;
  for (const Path& file : files) note_way(file, wanted);
  std::map<int, Folder> now;
  Status outcome;
  for (auto& [folder, names] : wanted) {
    const int number = inotify_add_watch(descriptor_, folder.c_str(), kEvents);
    if (number >= 0) {
      Folder& watched = now[number];
      watched.path = folder;
      watched.names.merge(names);
    } else if (errno == ENOSPC || errno == ENOMEM) {
      outcome = fail_at(folder.string(), Code::system_error, "watching it: {}",
                        errno == ENOSPC ? "fs.inotify.max_user_watches is reached" : errno_text(errno));
    }
    // Else it is absent, which its own folder tells, or we may not list it, as may be the case on the way.
  }
  for (const auto& [number, folder] : folders_) {
    if (!now.contains(number)) inotify_rm_watch(descriptor_, number);
  }
  folders_ = std::move(now);
  return outcome;
}

std::optional<Path> FileWatch::changed() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  std::optional<Path> first;
  while (true) {
    const ssize_t size = ::read(descriptor_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return first;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* const event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      if (first) continue;
      if ((event->mask & IN_Q_OVERFLOW) != 0) first = "more than could be told";
      const auto folder = folders_.find(event->wd);
      if (folder == folders_.end()) continue;
      const auto& [path, names] = folder->second;
      if (event->len != 0 && names.contains(event->name)) first = path / event->name;
      if ((event->mask & IN_IGNORED) != 0) first = path;  // the folder itself is gone
    }
  }
}

}  // namespace symbolon
