#include "base/acting_as_owner.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace symbolon {
namespace {

class OwnedFolder : public ::testing::Test {
 protected:
  OwnedFolder() {
    std::string name = ::testing::TempDir() + "owner.XXXXXX";
    outside_ = ::mkdtemp(name.data());
  }
  ~OwnedFolder() override { std::filesystem::remove_all(outside_); }

  Path outside_;
};

uid_t owner_of(const Path& file) {
  struct stat found{};
  EXPECT_EQ(::stat(file.c_str(), &found), 0) << file;
  return found.st_uid;
}

// The folder's owner is somebody else where the test may arrange that, and oneself where not: the promise is the same.
TEST_F(OwnedFolder, MakesFilesThatBelongToTheFoldersOwnerOnItsOwnThreadsToo) {
  ASSERT_EQ(::chmod(outside_.c_str(), 0755), 0);
  const Path folder = outside_ / "state";
  ASSERT_TRUE(make_folder(folder, 0700));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder.c_str(), 4321, 4321), 0);
  }
  const uid_t owner = owner_of(folder);
  {
    const ActingAsOwner acting(folder);
    {
      const ActingAsOneself oneself;
      ASSERT_TRUE(write_file(outside_ / "oneself", "", {}));
    }
    EXPECT_TRUE(write_file(folder / "here", "x", {.mode = 0600}));
    std::thread([&] { EXPECT_TRUE(write_file(folder / "thread", "x", {.mode = 0600})); }).join();
  }
  EXPECT_EQ(owner_of(folder / "here"), owner);
  EXPECT_EQ(owner_of(folder / "thread"), owner);
  EXPECT_TRUE(write_file(folder / "after", "x", {.mode = 0600}));
  EXPECT_EQ(owner_of(folder / "after"), ::geteuid());
}

TEST_F(OwnedFolder, GetsATreeInItsPlaceThatIsItsOwners) {
  const Path folder = outside_ / "state";
  const Path tree = outside_ / "new";
  ASSERT_TRUE(make_folder(folder, 0700));
  ASSERT_TRUE(make_folder(tree / "inside", 0700));
  ASSERT_TRUE(write_file(tree / "inside" / "file", "x", {.mode = 0600}));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder.c_str(), 4321, 4321), 0);
  }
  ASSERT_TRUE(give_to_owner_of(folder, tree));
  for (const Path& path : {tree, tree / "inside", tree / "inside" / "file"}) {
    EXPECT_EQ(owner_of(path), owner_of(folder)) << path;
  }
  EXPECT_TRUE(give_to_owner_of(outside_ / "none", tree));
}

TEST_F(OwnedFolder, DoesNothingForAFolderThatIsNotThere) {
  const ActingAsOwner acting(outside_ / "none");
  EXPECT_TRUE(write_file(outside_ / "file", "x", {.mode = 0600}));
  EXPECT_EQ(owner_of(outside_ / "file"), ::geteuid());
}

}  // namespace
}  // namespace symbolon
