#include "base/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <fstream>

namespace symbolon {
namespace {

namespace fs = std::filesystem;

class Watching : public ::testing::Test {
 protected:
  Watching() {
    char pattern[] = "/tmp/symbolon_watch_XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~Watching() override { fs::remove_all(folder_); }

  void write(const Path& path, std::string_view text) { std::ofstream(path) << text; }
  FileWatch watching(const std::vector<Path>& files) {
    FileWatch watch = FileWatch::open().value();
    EXPECT_TRUE(watch.watch(files));
    return watch;
  }
  // The kernel queues an event before the call that caused it returns.
  static bool readable(const FileWatch& watch) {
    pollfd waiting{watch.descriptor(), POLLIN, 0};
    return poll(&waiting, 1, 0) == 1;
  }

  Path folder_;
};

TEST_F(Watching, EveryWayToChangeAFileIsTold) {
  const Path file = folder_ / "a.crt";
  write(file, "1");
  FileWatch watch = watching({file});
  EXPECT_FALSE(watch.changed());
  write(file, "2");
  EXPECT_TRUE(readable(watch));
  EXPECT_EQ(watch.changed(), file);
  EXPECT_FALSE(watch.changed());
  write(folder_ / "new", "3");
  EXPECT_FALSE(watch.changed());
  fs::rename(folder_ / "new", file);
  EXPECT_EQ(watch.changed(), file);
  fs::permissions(file, fs::perms::owner_read);
  EXPECT_EQ(watch.changed(), file);
  fs::remove(file);
  EXPECT_EQ(watch.changed(), file);
  write(file, "4");
  EXPECT_EQ(watch.changed(), file);
}

TEST_F(Watching, WhatHappensToOtherFilesIsNot) {
  write(folder_ / "a.crt", "1");
  FileWatch watch = watching({folder_ / "a.crt"});
  write(folder_ / "ledger.db", "1");
  fs::create_directory(folder_ / "more");
  EXPECT_TRUE(readable(watch));
  EXPECT_FALSE(watch.changed());
  std::ifstream reading(folder_ / "a.crt");
  EXPECT_FALSE(watch.changed());
}

// As Kubernetes exchanges the files of a volume: tls.crt -> ..data/tls.crt, ..data -> ..1, later -> ..2.
TEST_F(Watching, AFolderThatALinkExchangesIsTold) {
  for (const char* const version : {"..1", "..2"}) {
    fs::create_directory(folder_ / version);
    write(folder_ / version / "tls.crt", version);
  }
  fs::create_symlink("..1", folder_ / "..data");
  fs::create_symlink("..data/tls.crt", folder_ / "tls.crt");
  FileWatch watch = watching({folder_ / "tls.crt"});
  fs::create_symlink("..2", folder_ / "..data_tmp");
  EXPECT_FALSE(watch.changed());
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  EXPECT_EQ(watch.changed(), folder_ / "..data");
  ASSERT_TRUE(watch.watch({folder_ / "tls.crt"}));
  write(folder_ / "..2" / "tls.crt", "3");
  EXPECT_TRUE(watch.changed());
  write(folder_ / "..1" / "tls.crt", "4");
  EXPECT_FALSE(watch.changed());
}

TEST_F(Watching, AFolderThatComesLaterOrIsExchangedIsTold) {
  const Path file = folder_ / "live" / "a.crt";
  FileWatch watch = watching({file});
  fs::create_directory(folder_ / "live");
  EXPECT_EQ(watch.changed(), folder_ / "live");
  ASSERT_TRUE(watch.watch({file}));
  write(file, "1");
  EXPECT_TRUE(watch.changed());
  fs::rename(folder_ / "live", folder_ / "old");
  EXPECT_TRUE(watch.changed());
}

TEST_F(Watching, LinksThatLeadInACircleEnd) {
  fs::create_symlink("b", folder_ / "a");
  fs::create_symlink("a", folder_ / "b");
  FileWatch watch = watching({folder_ / "a" / "c"});
  fs::remove(folder_ / "b");
  EXPECT_TRUE(watch.changed());
}

TEST_F(Watching, TheSameFilesAThousandTimesTakeNoMoreOfTheSystem) {
  write(folder_ / "a.crt", "1");
  FileWatch watch = watching({});
  const auto watches = [&] {
    std::ifstream info(fmt::format("/proc/self/fdinfo/{}", watch.descriptor()));
    std::size_t count = 0;
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify") ? 1 : 0;
    return count;
  };
  ASSERT_TRUE(watch.watch({folder_ / "a.crt"}));
  const std::size_t once = watches();
  EXPECT_GE(once, 2U);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(watch.watch({folder_ / "a.crt"}));
  EXPECT_EQ(watches(), once);
  ASSERT_TRUE(watch.watch({}));
  EXPECT_EQ(watches(), 0U);
}

}  // namespace
}  // namespace symbolon
