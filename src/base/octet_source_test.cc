#include "base/octet_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

namespace symbolon {
namespace {

class Sources : public ::testing::Test {
 protected:
  Sources() {
    char pattern[] = "/tmp/symbolon_source_XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~Sources() override { std::filesystem::remove_all(folder_); }
  Path put(std::string_view content) const {
    std::ofstream(folder_ / "file", std::ios::binary) << content;
    return folder_ / "file";
  }
  Path folder_;
};

Result<std::string> all_of(OctetSource& source, std::size_t at_a_time) {
  std::string out;
  Bytes buffer(at_a_time);
  while (const std::size_t count = TRY(source.read(buffer))) out += as_text(ByteView(buffer).first(count));
  return out;
}

TEST_F(Sources, GiveEveryOctetOnce) {
  const std::string content = "one two three";
  for (const std::size_t at_a_time : {1U, 5U, 100U}) {
    ViewSource view(as_bytes(content));
    EXPECT_EQ(*all_of(view, at_a_time), content);
    auto file = FileSource::open(put(content));
    ASSERT_TRUE(file);
    EXPECT_EQ(*all_of(*file, at_a_time), content);
    file->rewind();
    EXPECT_EQ(*all_of(*file, at_a_time), content);
  }
}

TEST_F(Sources, AFileThatShrinksWhileItIsReadEnds) {
  const Path path = put(std::string(100'000, 'x'));
  auto file = FileSource::open(path);
  Bytes buffer(10);
  ASSERT_EQ(*file->read(buffer), 10U);
  std::filesystem::resize_file(path, 5);
  EXPECT_EQ(*file->read(buffer), 0U);
}

TEST_F(Sources, RefuseWhatReadFileRefuses) {
  EXPECT_EQ(FileSource::open(folder_ / "nowhere").error().code, Code::file_missing);
  EXPECT_EQ(FileSource::open(folder_).error().code, Code::file_unreadable);
  auto large = FileSource::open(put("12345"), 4);
  ASSERT_TRUE(large);
  EXPECT_EQ(all_of(*large, 3).error().code, Code::file_too_large);
}

TEST_F(Sources, AWholePipe) {
  const Path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::jthread writer([&] { std::ofstream(pipe) << "through it"; });
  auto source = FileSource::open(pipe);
  ASSERT_TRUE(source) << source.error().text();
  EXPECT_EQ(*all_of(*source, 3), "through it");
}

}  // namespace
}  // namespace symbolon
