#include "watch/config.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace symbolon::watch {
namespace {

config::Loaded<MetricsConfig> loaded(const std::string& yaml) {
  return config::load(yaml, "symbolon.yaml", metrics_table());
}

TEST(MetricsConfig, TakesLoopbackAndUnixSockets) {
  for (const std::string where : {"127.0.0.1:9440", "127.9.9.9:1", "'[::1]:9440'", "unix:/run/metrics.sock"}) {
    const auto read = loaded("listen: " + where);
    EXPECT_TRUE(read.value.has_value()) << where;
    EXPECT_TRUE(read.warnings.empty()) << where;
  }
}

// A name may lead anywhere by the time it is looked up.
TEST(MetricsConfig, RefusesWhateverOthersReach) {
  for (const std::string where : {":9440", "0.0.0.0:9440", "192.0.2.1:9440", "localhost:9440", "'[::]:9440'"}) {
    const auto read = loaded("listen: " + where);
    ASSERT_EQ(read.errors.size(), 1U) << where;
    EXPECT_EQ(read.errors.front().code, Code::config_bad_value);
  }
}

TEST(MetricsConfig, WarnsOfInsecureListen) {
  const auto read = loaded("insecure_listen: :9440");
  ASSERT_TRUE(read.value.has_value());
  EXPECT_EQ(read.value->endpoint().text(), ":9440");
  EXPECT_EQ(read.warnings.size(), 1U);
}

TEST(MetricsConfig, WantsExactlyOneAddress) {
  EXPECT_EQ(loaded("{}").errors.size(), 1U);
  EXPECT_EQ(loaded("listen: 127.0.0.1:1\ninsecure_listen: :1").errors.size(), 1U);
}

}  // namespace
}  // namespace symbolon::watch
