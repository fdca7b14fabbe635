#include "watch/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace symbolon::watch {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

api::RouteStatus route(std::vector<api::Warning> hindrances = {}) {
  api::RouteStatus out;
  out.hindrances = std::move(hindrances);
  return out;
}

api::GatewayStatus serving() {
  api::GatewayStatus out;
  out.phase = api::GatewayPhase::serving;
  out.open = 3;
  out.most_open = 9;
  out.routes = {route(), route()};
  return out;
}

const api::Warning kExpired{Code::server_certificate_expired, "route 'web'"};

TEST(Readiness, WhoServesIsReady) {
  EXPECT_TRUE(readiness_of(serving()).ready);
  EXPECT_TRUE(readiness_of(serving()).words.empty());
}

TEST(Readiness, WhoStartsOrDrainsIsNot) {
  for (const auto phase : {api::GatewayPhase::starting, api::GatewayPhase::draining}) {
    api::GatewayStatus gateway = serving();
    gateway.phase = phase;
    const Readiness found = readiness_of(gateway);
    EXPECT_FALSE(found.ready);
    EXPECT_THAT(found.words, ElementsAre(api::name(phase)));
  }
}

TEST(Readiness, OneRouteThatCanAdmitIsEnoughAndTheOtherIsNamed) {
  api::GatewayStatus gateway = serving();
  gateway.routes = {route({kExpired}), route()};
  const Readiness found = readiness_of(gateway);
  EXPECT_TRUE(found.ready);
  EXPECT_THAT(found.words, ElementsAre(StartsWith("server_certificate_expired: ")));
}

TEST(Readiness, NoRouteThatCanAdmitIsNotEnough) {
  api::GatewayStatus gateway = serving();
  gateway.routes = {route({kExpired}), route({kExpired})};
  EXPECT_FALSE(readiness_of(gateway).ready);
  EXPECT_EQ(readiness_of(gateway).words.size(), 3U);
}

TEST(Readiness, NoRoomIsNotReady) {
  api::GatewayStatus gateway = serving();
  gateway.open = gateway.most_open;
  const Readiness found = readiness_of(gateway);
  EXPECT_FALSE(found.ready);
  EXPECT_THAT(found.words, ElementsAre(StartsWith("connection_limit: ")));
}

}  // namespace
}  // namespace symbolon::watch
