#include "gateway/ticket_domains.h"

#include <gtest/gtest.h>

#include "gateway/snapshot.h"
#include "gateway/testing/running_gateway.h"

namespace symbolon::gateway {
namespace {

using testing::pki;
using Domain = std::shared_ptr<tls::SessionTickets>;

class Domains : public ::testing::Test {
 protected:
  static std::shared_ptr<const x509::TrustBundle> trust(const std::string& name) {
    return std::make_shared<const x509::TrustBundle>(
        x509::TrustBundle::make({pki().read(name)}, system_clock().now(), name).value());
  }
  // Routes with tickets; each trusts what stands here, or (empty) nobody.
  Materials routes(const std::vector<std::string>& trusted) {
    configs_.push_back(std::make_unique<RouteConfig>());
    configs_.back()->clients.emplace();
    configs_.back()->session_tickets = true;
    Materials out;
    for (const std::string& name : trusted) {
      RouteMaterial& route = out.routes.emplace_back();
      route.config = configs_.back().get();
      if (!name.empty()) route.clients.trust = trust(name);
      route.clients.credential =
          tls::Credential::load(pki().folder / "server.chain", pki().folder / "server.key").value();
    }
    return out;
  }
  std::vector<Domain> put(Materials materials) {
    domains.keep(domains.assign(materials));
    std::vector<Domain> out;
    for (const RouteMaterial& route : materials.routes) out.push_back(route.tickets);
    return out;
  }
  // A key of the domain, and whether it opens.
  static Bytes key_of(const Domain& domain) {
    Bytes out;
    domain->keys().seal([&](const tls::TicketKey& key) {
      out = to_bytes(key.name);
      return true;
    });
    return out;
  }
  static bool opens(const Domain& domain, const Bytes& name) {
    return domain->keys().open(name, [](const tls::TicketKey&) { return true; });
  }

  TicketDomains domains{system_clock()};
  std::shared_ptr<revocation::RevocationSource> revocation = std::make_shared<revocation::RevocationSource>();

 private:
  std::vector<std::unique_ptr<RouteConfig>> configs_;
};

TEST_F(Domains, AreOneForEachTrust) {
  const auto given = put(routes({"root", "root", "other", "", ""}));
  EXPECT_EQ(given[0], given[1]);
  EXPECT_EQ(given[3], given[4]);
  EXPECT_NE(given[0], given[2]);
  EXPECT_NE(given[0], given[3]);
  EXPECT_NE(given[2], given[3]);
}

TEST_F(Domains, AreOnlyForRoutesThatHaveTickets) {
  Materials materials = routes({"root", "root"});
  RouteConfig off = *materials.routes[0].config;
  off.session_tickets = false;
  RouteConfig plain = *materials.routes[0].config;
  plain.clients.reset();
  materials.routes[0].config = &off;
  materials.routes[1].config = &plain;
  const auto given = put(std::move(materials));
  EXPECT_EQ(given[0], nullptr);
  EXPECT_EQ(given[1], nullptr);
}

TEST_F(Domains, StayOverAReloadAndEndWithTheirTrust) {
  const Domain first = put(routes({"root"}))[0];
  const Bytes name = key_of(first);
  EXPECT_EQ(put(routes({"other", "root"}))[1], first);
  EXPECT_TRUE(opens(first, name));
  put(routes({"other"}));
  EXPECT_FALSE(opens(first, name));  // also for connections that hold on to it
  const Domain again = put(routes({"root"}))[0];
  EXPECT_NE(again, first);
  EXPECT_FALSE(opens(again, name));
}

TEST_F(Domains, AreAskedForByNamesThatTellWhatTheyTrust) {
  EXPECT_TRUE(domains.request().domains.empty());
  put(routes({"root", "root", "other"}));
  const auto asked = domains.request().domains;
  ASSERT_EQ(asked.size(), 2U);
  for (const std::string name : {"root", "other"})
    EXPECT_EQ(std::ranges::count(asked, api::ticket_domain_name(trust(name)->identity())), 1);
}

TEST_F(Domains, TakeSharedKeysEachByItsName) {
  const auto given = put(routes({"root", "other"}));
  tls::SharedTicketKey shared;
  shared.key.name.fill(7);
  const Bytes name = to_bytes(shared.key.name);
  domains.take(api::ticket_domain_name(trust("other")->identity()), std::array{shared}, system_clock().now());
  domains.take("none", std::array{shared}, system_clock().now());
  EXPECT_TRUE(opens(given[1], name));
  EXPECT_FALSE(opens(given[0], name));
  const Bytes own = key_of(given[0]);
  domains.forget();
  EXPECT_FALSE(opens(given[0], own) || opens(given[1], name));
}

TEST_F(Domains, KnowTheCasOfWhatIsPresented) {
  const Domain domain = put(routes({"root"}))[0];
  const x509::Certificate alice = pki().read("alice");
  const auto links = tls::links_of({alice, pki().read("issuing"), pki().read("root")});
  const auto chain = domain->rebuild(alice, links);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->size(), 2U);
  EXPECT_FALSE(put(routes({"other"}))[0]->rebuild(alice, links));
}

TEST_F(Domains, OfAChangeThatFailedChangeNothing) {
  const Domain first = put(routes({"root"}))[0];
  const Bytes name = key_of(first);
  Materials never = routes({"other"});
  domains.assign(never);
  EXPECT_TRUE(opens(first, name));
}

TEST_F(Domains, AreNewOnceACertificateOfOurOwnIsRevoked) {
  using revocation::IssuerKey;
  const Domain domain = put(routes({"root"}))[0];
  Bytes name = key_of(domain);
  const revocation::Addition others{IssuerKey::of(pki().read("issuing")), pki().read("alice").serial()};
  domains.note_revoked(&others, *revocation);
  domains.note_revoked(nullptr, *revocation);
  EXPECT_TRUE(opens(domain, name));
  const revocation::Addition ours{IssuerKey::of(pki().read("issuing")), pki().read("server").serial()};
  domains.note_revoked(&ours, *revocation);
  EXPECT_FALSE(opens(domain, name));
  name = key_of(domain);
  revocation->add(ours.issuer, ours.serial, UnixSeconds{1'700'000'000});
  domains.note_revoked(nullptr, *revocation);  // the same one: once is enough
  EXPECT_TRUE(opens(domain, name));
}

TEST_F(Domains, AreNewWhereAWholeSetRevokesACertificateOfOurOwn) {
  const Domain domain = put(routes({"root"}))[0];
  const Bytes name = key_of(domain);
  revocation->add(revocation::IssuerKey::of(pki().read("issuing")), pki().read("server").serial(),
                  UnixSeconds{1'700'000'000});
  domains.note_revoked(nullptr, *revocation);
  EXPECT_FALSE(opens(domain, name));
}

}  // namespace
}  // namespace symbolon::gateway
