// Files that belong together come together, or not at all.
#include "base/file_set.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>

namespace symbolon {
namespace {

class FileSet : public ::testing::Test {
 protected:
  FileSet() {
    std::string name = ::testing::TempDir() + "file_set.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~FileSet() override { std::filesystem::remove_all(folder_); }

  Status write(std::string_view key, std::string_view certificate, Existing existing) {
    const std::array files = {NewFile{folder_ / "a.key", key, 0600}, NewFile{folder_ / "a.crt", certificate}};
    return write_files(files, existing);
  }
  std::string read(const char* name) { return read_file(folder_ / name).value_or("(none)"); }
  std::ptrdiff_t count() {
    return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  }

  Path folder_;
};

TEST_F(FileSet, IsWrittenWhole) {
  ASSERT_TRUE(write("k1", "c1", Existing::keep));
  struct stat info = {};
  ASSERT_EQ(::stat((folder_ / "a.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  ASSERT_TRUE(write("k2", "c2", Existing::replace));
  EXPECT_EQ(read("a.key"), "k2");
  EXPECT_EQ(read("a.crt"), "c2");
  EXPECT_EQ(count(), 2) << "nothing else is left";
}

TEST_F(FileSet, KeepsWhatIsThere) {
  ASSERT_TRUE(write_file(folder_ / "a.crt", "old", {}));
  const Status written = write("k1", "c1", Existing::keep);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::file_exists);
  EXPECT_EQ(read("a.crt"), "old");
  EXPECT_EQ(count(), 1) << "the key went again";
}

TEST_F(FileSet, ReplacesNothingWhenOneCannotBeReplaced) {
  ASSERT_TRUE(write_file(folder_ / "a.key", "old", {.mode = 0600}));
  ASSERT_TRUE(std::filesystem::create_directory(folder_ / "a.crt"));
  const Status written = write("k1", "c1", Existing::replace);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::file_unwritable);
  EXPECT_EQ(read("a.key"), "old");
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "a.crt"));
  EXPECT_EQ(count(), 2);
}

}  // namespace
}  // namespace symbolon
