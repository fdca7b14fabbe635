#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace symbolon {
namespace {

class Files : public ::testing::Test {
 protected:
  Files() {
    char pattern[] = "/tmp/symbolon_file_XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~Files() override { std::filesystem::remove_all(folder_); }
  Path folder_;
};

unsigned mode_of(const Path& path) {
  struct stat info = {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 07777U;
}

TEST_F(Files, AreWrittenWholeWithTheirModeAndNoLeftovers) {
  const Path path = folder_ / "key";
  ASSERT_TRUE(write_file(path, "one", {.mode = 0600}));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(*read_file(path), "one");
  EXPECT_EQ(write_file(path, "two", {}).error().code, Code::file_exists);
  EXPECT_EQ(*read_file(path), "one");
  ASSERT_TRUE(write_file(path, "two", {.mode = 0644, .existing = Existing::replace}));
  EXPECT_EQ(*read_file(path), "two");
  EXPECT_EQ(mode_of(path), 0644U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, ThatCannotBeReadSayWhy) {
  EXPECT_EQ(read_file(folder_ / "none").error().code, Code::file_missing);
  EXPECT_EQ(read_file(folder_).error().code, Code::file_unreadable);
  ASSERT_TRUE(write_file(folder_ / "big", std::string(100, 'x'), {}));
  EXPECT_EQ(read_file(folder_ / "big", 99).error().code, Code::file_too_large);
  EXPECT_EQ(read_file(folder_ / "big", 100)->size(), 100U);
  EXPECT_EQ(read_file("/dev/zero", 1000).error().code, Code::file_unreadable);
}

TEST_F(Files, WithAKeyThatOthersCanReadAreRefused) {
  const Path path = folder_ / "key";
  for (const unsigned mode : {0640U, 0604U, 0620U, 0644U}) {
    ASSERT_TRUE(write_file(path, "secret", {.mode = mode, .existing = Existing::replace}));
    EXPECT_EQ(read_private_file(path).error().code, Code::key_file_exposed) << mode;
  }
  ASSERT_TRUE(write_file(path, "secret", {.mode = 0600, .existing = Existing::replace}));
  EXPECT_EQ(read_private_file(path)->reveal(), "secret");
}

TEST_F(Files, InAFolderThatIsMissingAreNotWritten) {
  EXPECT_EQ(write_file(folder_ / "none" / "x", "x", {}).error().code, Code::file_unwritable);
  ASSERT_TRUE(make_folder(folder_ / "a" / "b", 0700));
  EXPECT_EQ(mode_of(folder_ / "a" / "b"), 0700U);
}

TEST_F(Files, APipeIsReadToItsEndAndADeviceIsNoFile) {
  const Path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << std::string(200'000, 'x') << "end"; });
  const auto content = read_file(pipe);
  writer.join();
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->size(), 200'003U);
  EXPECT_TRUE(content->ends_with("end"));
  EXPECT_EQ(read_file("/dev/zero").error().code, Code::file_unreadable);
}

TEST_F(Files, AreLockedForOneProcess) {
  const Path path = folder_ / "lock";
  auto lock = FileLock::take(path);
  ASSERT_TRUE(lock);
  const auto second = FileLock::take(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::state_locked);
  EXPECT_NE(second.error().words.find(std::to_string(::getpid())), std::string::npos);
}

TEST_F(Files, LockedByAProcessThatDiedAreFree) {
  const Path path = folder_ / "lock";
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = FileLock::take(path);
    ::_exit(lock ? 0 : 1);  // the lock goes with the process
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(FileLock::take(path));
}

}  // namespace
}  // namespace symbolon
