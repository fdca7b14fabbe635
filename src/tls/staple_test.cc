// What a client that asks for the status of the server's certificate gets (RFC 6066 §8). The octets are the keeper's
// business: here they only have to arrive as they were put there.
#include "tls/staple.h"

#include "tls/testing/meeting.h"

namespace symbolon::tls {
namespace {

using namespace testing;

std::shared_ptr<const Staple> staple(std::string_view octets, Seconds ends_in = kHour) {
  return std::make_shared<const Staple>(
      Staple{.der = to_bytes(as_bytes(octets)), .this_update = kNow - kHour, .next_update = kNow + ends_in});
}

enum class Asks : std::uint8_t { no, yes };

// What the foreign client was sent; none: nothing.
std::optional<std::string> sent_to_client(const std::shared_ptr<const ServerRoutes>& served, int version,
                                          Asks asks = Asks::yes) {
  static thread_local std::optional<std::string> came;
  came.reset();
  std::optional<std::string> out;
  const Holder alice = house().alice();
  const ClientSetup setup{.holder = &alice,
                          .version = version,
                          .prepare =
                              [](SSL_CTX* context) {
                                SSL_CTX_set_tlsext_status_cb(
                                    context, +[](SSL* ssl, void*) {
                                      const unsigned char* octets = nullptr;
                                      const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &octets);
                                      if (octets != nullptr)
                                        came.emplace(reinterpret_cast<const char*>(octets),
                                                     static_cast<std::size_t>(size));
                                      return 1;
                                    });
                              },
                          .prepare_connection =
                              [asks](SSL* ssl) {
                                if (asks == Asks::yes) SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
                              }};
  const Met met = meet(served, [&](int descriptor) {
    Seen seen = foreign_client(descriptor, setup);
    out = std::exchange(came, std::nullopt);
    return seen;
  });
  EXPECT_EQ(met.client.answer, "pong") << met.client.error;
  return out;
}

class Stapling : public ::testing::TestWithParam<int> {
 protected:
  std::shared_ptr<const ServerRoutes> served() const {
    ServerOptions options = house().options();
    options.staple = slot;
    return routes(std::move(options));
  }
  std::shared_ptr<StapleSlot> slot = std::make_shared<StapleSlot>(test_clock());
};

TEST_P(Stapling, SendsWhatStandsInTheSlotToWhoAsks) {
  slot->put(staple("a response"));
  EXPECT_EQ(sent_to_client(served(), GetParam()), "a response");
  EXPECT_EQ(sent_to_client(served(), GetParam(), Asks::no), std::nullopt);
}

TEST_P(Stapling, GoesOnWithoutAStaple) {
  EXPECT_EQ(sent_to_client(served(), GetParam()), std::nullopt);
  EXPECT_EQ(sent_to_client(routes(house().options()), GetParam()), std::nullopt);
}

TEST_P(Stapling, NeverSendsOneThatHasEnded) {
  slot->put(staple("a response", Seconds{0}));
  EXPECT_EQ(sent_to_client(served(), GetParam()), "a response") << "nextUpdate itself is still good";
  slot->put(staple("a response", Seconds{-1}));
  EXPECT_EQ(sent_to_client(served(), GetParam()), std::nullopt);
  EXPECT_NE(slot->latest(), nullptr);
}

TEST_P(Stapling, TheNextHandshakeSendsTheNextOne) {
  const auto same = served();
  slot->put(staple("first"));
  EXPECT_EQ(sent_to_client(same, GetParam()), "first");
  slot->put(staple(std::string(4000, 'x')));
  EXPECT_EQ(sent_to_client(same, GetParam()), std::string(4000, 'x'));
  slot->put(nullptr);
  EXPECT_EQ(sent_to_client(same, GetParam()), std::nullopt);
}

// RFC 6066 §8: OpenSSL's clients of TLS 1.2 take a CertificateStatus of 2^14 octets, of which four say type and length.
TEST_P(Stapling, SendsTheLargestThatClientsTake) {
  slot->put(staple(std::string(16380, 'x')));
  EXPECT_EQ(sent_to_client(served(), GetParam()), std::string(16380, 'x'));
}

// The route is chosen in the ClientHello, after the library began with the first one's context.
TEST_P(Stapling, EachRouteSendsItsOwn) {
  ServerOptions empty = house().options();
  empty.staple = std::make_shared<StapleSlot>(test_clock());
  // The first one has a slot without a staple, and none at all.
  for (const ServerOptions& first : {empty, house().options()}) {
    ServerOptions second = house().options();
    second.staple = slot;
    slot->put(staple("of a.example"));
    const auto both = ServerRoutes::make({{.names = {"b.example"}, .context = context(first)},
                                          {.names = {"a.example"}, .context = context(std::move(second))}},
                                         nullptr);
    EXPECT_EQ(sent_to_client(*both, GetParam()), "of a.example");
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Stapling, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST(Credential, KeepsTheRootThatIsNotSent) {
  const auto whole = Credential::make({house().server, house().issuing, house().root}, key_of("house-server"));
  EXPECT_EQ((*whole)->chain().size(), 2U);
  EXPECT_EQ((*whole)->left_out(), house().root);
  EXPECT_FALSE(house().credential()->left_out());
}

}  // namespace
}  // namespace symbolon::tls
