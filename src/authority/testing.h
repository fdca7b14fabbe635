// For tests: an authority in a folder, and requests made by the openssl command line.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "authority/authority.h"
#include "authority/init.h"
#include "x509/pem.h"
#include "x509/request.h"
#include "x509/testing/shell.h"

namespace symbolon::authority::testing {

using x509::testing::Folder;
using x509::testing::kNameStyle;
using x509::testing::must;
using x509::testing::run;

inline constexpr UnixSeconds kNow{1'800'000'000};  // 2027-01-15T08:00:00Z
inline const Requester kTester{.text = "test", .roles = api::Roles::all(), .person = "tester"};
inline constexpr std::string_view kPassphrase = "correct horse battery staple";

inline void make_state(const Folder& folder, InitOptions options) {
  options.organization = "Example Corp";
  options.state = folder.path() / "state";
  options.root_passphrase = Secret(kPassphrase);
  const auto made = init(options, FixedClock(kNow));
  EXPECT_TRUE(made) << made.error().text();
}

// A state that init made at kNow, and the authority over it.
struct Home {
  Folder folder;
  FixedClock clock{kNow};
  std::unique_ptr<Authority> authority;

  // With a copy of a state that was made once: the authorities of all such homes are the same one.
  Home() {
    static const Folder first;
    if (!std::filesystem::exists(first / "state")) make_state(first, {});
    std::filesystem::copy(first / "state", folder / "state", std::filesystem::copy_options::recursive);
    open();
  }
  // With an authority unlike any other.
  explicit Home(InitOptions options) {
    make_state(folder, std::move(options));
    open();
  }

  void open(std::map<std::string, ProfileConfig> profiles = {}) { open_with({.profiles = std::move(profiles)}); }
  void open_with(AuthorityOptions options) {
    authority.reset();
    options.state = folder.path() / "state";
    auto opened = Authority::open(std::move(options), clock);
    EXPECT_TRUE(opened) << opened.error().text();
    if (opened) authority = std::move(*opened);
  }

  // A further issuing CA, signed by the root's key, which openssl holds; the authority never sees it.
  Result<api::IssuerInfo> new_issuer(const api::NewIssuerRequest& wish = {}, const Requester& who = kTester) {
    const auto asked = authority->new_issuer(wish, who);
    if (!asked) return std::unexpected(asked.error());
    return authority->sign_issuer(asked->serial, {root_signature(asked->to_be_signed)}, who);
  }
  // Base64, of base64. The root's key is of the type p256.
  std::string root_signature(const std::string& to_be_signed) const {
    must(
        fmt::format("cd {0} && echo {1} | base64 -d >tbs && openssl dgst -sha256 -sign state/root.key -passin "
                    "'pass:{2}' -out tbs.sig tbs",
                    folder.path().string(), to_be_signed, kPassphrase));
    return to_base64(as_bytes(folder.get("tbs.sig")));
  }

  // PEM of a request by the openssl command line.
  std::string request(std::string_view rest = "-subj /",
                      std::string_view newkey = "ec -pkeyopt ec_paramgen_curve:P-256") const {
    must(fmt::format("cd {} && openssl req -new -newkey {} -nodes -keyout key.pem -out r.pem {}",
                     folder.path().string(), newkey, rest));
    return folder.get("r.pem");
  }

  struct Choices {
    std::optional<Seconds> lifetime = {};
    std::optional<std::string> issuer = {};
  };
  Result<api::IssueAnswer> issue(std::string_view profile, std::vector<std::string> names, std::string csr,
                                 const Choices& choices = {{}, {}}) {
    api::IssueRequest request;
    request.profile = profile;
    request.csr = std::move(csr);
    request.names = std::move(names);
    request.lifetime = choices.lifetime;
    request.issuer = choices.issuer;
    return authority->issue(request, kTester, std::nullopt);
  }
  Result<api::IssueAnswer> issue(std::string_view profile, std::vector<std::string> names) {
    return issue(profile, std::move(names), request());
  }

  // The leaf must verify for the purpose, at kNow, with every check of the library.
  void verify(const api::IssueAnswer& answer, std::string_view purpose) const {
    must(fmt::format("openssl verify -x509_strict -attime {} {} -CAfile {} -untrusted {} {}", kNow.count,
                     purpose.empty() ? std::string() : fmt::format("-purpose {}", purpose),
                     folder.put("root", answer.root), folder.put("chain", answer.chain),
                     folder.put("leaf", answer.certificate)));
  }
  std::string text(const api::IssueAnswer& answer) const {
    return must(fmt::format("openssl x509 -noout -text {} -in {}", kNameStyle, folder.put("leaf", answer.certificate)));
  }
};

template <typename T>
Code code_of(const Result<T>& result) {
  return result ? Code::usage : result.error().code;
}

}  // namespace symbolon::authority::testing
