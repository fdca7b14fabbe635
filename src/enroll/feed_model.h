// For tests of what follows the feed: an authority that can be made to lie, in a process that has no ledger.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>

#include "api/codec.h"
#include "api/feed_block.h"
#include "api/heads.h"
#include "crypto/key.h"
#include "enroll/revocation_follower.h"
#include "http/problem.h"
#include "http/server_fixture.h"
#include "http/target.h"
#include "revocation/feed_chain.h"
#include "revocation/signed_head.h"

namespace symbolon::enroll {

inline revocation::IssuerKey model_issuer() {
  revocation::IssuerKey out;
  out.octets.fill(1);
  out.name.fill(2);
  return out;
}

// Entries of one issuer, and the chain over them. The serial of entry n of a history called `mark` is mark, then n.
class FeedModel {
 public:
  explicit FeedModel(std::uint8_t mark = 0x0a) : mark_(mark) {}

  void revoke(std::size_t count = 1) {
    for (; count > 0; --count) {
      const auto number = static_cast<std::int64_t>(entries_.size()) + 1;
      add(entry(number));
    }
    said_ = signed_head(newest());
  }
  api::FeedEntry entry(std::int64_t number) const {
    return {.number = number,
            .issuer = to_hex(model_issuer().octets),
            .serial = serial(number).hex(),
            .reason = api::RevocationReason::superseded,
            .at = {1000 + number}};
  }
  x509::SerialNumber serial(std::int64_t number) const {
    const std::array<std::uint8_t, 4> octets{mark_, static_cast<std::uint8_t>(number >> 16),
                                             static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    return x509::SerialNumber::from_magnitude(octets).value();
  }
  // Back to its first entries, as a restored backup; what follows is called otherwise.
  void restore(std::size_t count, std::uint8_t mark) {
    entries_.resize(count);
    hashes_.resize(count + 1);
    mark_ = mark;
    said_ = signed_head(newest());
  }
  std::int64_t newest() const { return static_cast<std::int64_t>(entries_.size()); }
  std::string hash(std::int64_t number) const { return to_hex(hashes_[static_cast<std::size_t>(number)]); }

  // As its pages said it last.
  api::SignedHead signed_head_said() const { return said_; }

  // The whole truth.
  api::FeedPage page(std::int64_t after, const std::string& digest, std::int64_t most = 1000) const {
    api::FeedPage out;
    out.issuers = {to_hex(model_issuer().octets) + to_hex(model_issuer().name)};
    out.head_key = to_base64(key_->public_key().spki());
    out.feed_head = said_;
    if (after > newest() || (after > 0 && digest != hash(after))) {
      out.behind = true;
      for (std::int64_t number = newest(); number >= 0; --number) out.past.push_back({number, hash(number)});
      return out;
    }
    const std::int64_t last = std::min(newest(), after + most);
    for (std::int64_t i = after; i < last; ++i) out.entries.push_back(entries_[static_cast<std::size_t>(i)]);
    if (last > 0) out.digest = hash(last);
    out.more = last < newest();
    return out;
  }
  api::SignedHead signed_head(std::int64_t count) const {
    return signed_by(*key_, count, hashes_[static_cast<std::size_t>(count)]);
  }
  static api::SignedHead signed_by(const crypto::PrivateKey& key, std::int64_t count, const crypto::Sha256& hash) {
    revocation::SignedHead out;
    out.head = {
        .kind = revocation::HeadKind::feed, .count = static_cast<std::uint64_t>(count), .hash = hash, .time = {5000}};
    const auto signer = crypto::make_signer(crypto::PrivateKey::from_pem(key.to_pem().value(), {}).value()).value();
    out.signature = signer->sign(as_bytes(revocation::signed_text(out.head))).value();
    return api::view_of(out);
  }
  // What it would give for these entries in the place of the real ones: the chain over them.
  static std::string chain(const std::string& before, const std::vector<api::FeedEntry>& entries) {
    crypto::Sha256 hash = before.empty() ? revocation::feed_chain_begin() : api::sha256_of(before).value();
    for (const api::FeedEntry& one : entries)
      hash = revocation::feed_chain_next(hash, api::chain_entry_of(one).value());
    return to_hex(hash);
  }

 private:
  void add(api::FeedEntry entry) {
    hashes_.push_back(revocation::feed_chain_next(hashes_.back(), api::chain_entry_of(entry).value()));
    entries_.push_back(std::move(entry));
  }

  std::uint8_t mark_;
  std::vector<api::FeedEntry> entries_;
  std::vector<crypto::Sha256> hashes_{revocation::feed_chain_begin()};
  std::shared_ptr<const crypto::PrivateKey> key_ =
      std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate(crypto::KeyType::p256).value());
  api::SignedHead said_ = signed_head(0);
};

// Answers as it is told, at once: whoever asks to wait gets his answer when something was changed, or after 20 ms.
class FakeAuthority {
 public:
  struct Question {
    std::int64_t after = 0;
    std::string digest;
    std::int64_t head = 0;
    bool packed = false;
  };
  using Answer = std::function<http::Response(const Question&)>;
  using TakeBack = std::function<http::Response(const api::HandBackRequest&)>;

  FakeAuthority()
      : server_(context_.get(),
                [this](http::Request request, const http::Caller&) { return handle(std::move(request)); }, {}),
        socket_(folder_.path() / "a.sock") {
    const auto bound = server_.listen({net::Endpoint::Kind::unix_path, socket_.string(), 0});
    EXPECT_TRUE(bound) << bound.error().text();
  }
  ~FakeAuthority() {
    server_.stop();
    context_.finish();
  }
  void answer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void take_back(TakeBack take_back) {
    const std::lock_guard lock(mutex_);
    take_back_ = std::move(take_back);
  }
  // The truth, as the model says it then.
  void tell(const FeedModel& model, std::int64_t most = 1000) {
    answer([model, most](const Question& question) { return page(model.page(question.after, question.digest, most)); });
  }
  static http::Response page(const api::FeedPage& page) {
    return http::make_response(200, http::kJson, api::encode(page));
  }
  ReachAuthority reach() const {
    return [socket = socket_](const ClientTimes& times) { return AuthorityClient::over_unix(socket, times); };
  }
  std::int64_t questions() const { return questions_; }
  std::int64_t last_after() const { return last_after_; }
  const Path& folder() const { return folder_.path(); }

 private:
  net::Task<http::Response> handle(http::Request request) {
    if (request.method == "POST") {
      TakeBack take_back;
      {
        const std::lock_guard lock(mutex_);
        take_back = take_back_;
      }
      const auto asked = api::decode<api::HandBackRequest>(request.body);
      if (!take_back || !asked) co_return http::problem(Error{Code::not_found, "nothing is taken back"});
      co_return take_back(*asked);
    }
    const auto target = http::Target::parse(request.target).value();
    Question question;
    std::int64_t wait = 0;
    for (const auto& [key, value] : target.query) {
      if (key == "after") question.after = std::stoll(value);
      if (key == "digest") question.digest = value;
      if (key == "head") question.head = std::stoll(value);
      if (key == "wait") wait = std::stoll(value);
    }
    question.packed = request.headers.find("Accept") == api::kFeedMedia;
    ++questions_;
    last_after_ = question.after;
    if (wait > 0) {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(5));
      boost::system::error_code ignored;
      co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      answer = answer_;
    }
    co_return answer(question);
  }

  http::TemporaryFolder folder_;
  http::RunningContext context_;
  std::mutex mutex_;  // guards the next two
  Answer answer_;
  TakeBack take_back_;
  std::atomic<std::int64_t> questions_{0};
  std::atomic<std::int64_t> last_after_{0};
  http::Server server_;
  Path socket_;
};

}  // namespace symbolon::enroll
