// A bad chain that comes again is refused from memory, but never longer than what refused it holds.
#include <gtest/gtest.h>

#include "gateway/testing/running_gateway.h"
#include "gateway/testing/tls_client.h"

namespace symbolon::gateway {
namespace {

using testing::pki;
using testing::route_yaml;
using testing::RunningGateway;
using testing::TlsClient;

bool admitted(const RunningGateway& running, const std::string& name) {
  TlsClient client(running.gateway->address_of("web").port, {.name = name});
  return client.write("x") && client.read(1) == "x";
}

TEST(KnownFailures, AreForgottenWhenTrustChanges) {
  pki().folder.put("changing.crt", pki().folder.get("other.crt"));
  std::string yaml = route_yaml();
  yaml.replace(yaml.find("root.crt"), 8, "changing.crt");
  const RunningGateway running(yaml);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(admitted(running, "alice"));
  pki().folder.put("changing.crt", pki().folder.get("root.crt"));
  ASSERT_TRUE(running.gateway->refresh().has_value());
  EXPECT_TRUE(admitted(running, "alice"));
  pki().folder.put("changing.crt", pki().folder.get("other.crt"));
  ASSERT_TRUE(running.gateway->refresh().has_value());
  EXPECT_FALSE(admitted(running, "alice"));
}

}  // namespace
}  // namespace symbolon::gateway
