#include "authority/api_progress.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <mutex>

#include "api/codec.h"
#include "http/body_source.h"
#include "http/problem.h"

namespace symbolon::authority {

namespace {

namespace asio = boost::asio;

constexpr std::size_t kMostLines = 64;  // that wait for a slow reader; further progress is left out

// Lines come from a thread of the pool and leave on the connection's strand.
class Lines final : public http::BodySource, public std::enable_shared_from_this<Lines> {
 public:
  explicit Lines(const asio::any_io_executor& executor) : arrived_(executor) {}

  void progress(const api::Progress& progress) {
    std::string line = fmt::format("{{\"progress\":{}}}\n", api::encode(progress));
    {
      const std::lock_guard lock(mutex_);
      if (lines_.size() >= kMostLines || line == last_) return;
      last_ = line;
      lines_.push_back(std::move(line));
    }
    wake();
  }

  void end(const Result<std::string>& result) {
    std::string line = result ? fmt::format("{{\"result\":{}}}\n", *result)
                              : fmt::format("{{\"problem\":{}}}\n", http::problem_text(result.error()));
    {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(line));
      ended_ = true;
    }
    wake();
  }

  net::Task<std::optional<std::string>> next() override {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (!lines_.empty()) {
          std::string line = std::move(lines_.front());
          lines_.pop_front();
          co_return line;
        }
        if (ended_) co_return std::nullopt;
        arrived_.expires_at(asio::steady_timer::time_point::max());
        awake_ = false;
      }
      boost::system::error_code ignored;
      co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

 private:
  // The timer belongs to the strand; once woken it stays expired until next() looks again, so that nothing is missed.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      if (awake_) return;
      awake_ = true;
    }
    asio::post(arrived_.get_executor(),
               [self = shared_from_this()] { self->arrived_.expires_at(asio::steady_timer::time_point::min()); });
  }

  std::mutex mutex_;
  std::deque<std::string> lines_;
  std::string last_;
  bool ended_ = false;
  bool awake_ = true;
  asio::steady_timer arrived_;
};

}  // namespace

net::Task<Result<http::Response>> answer_with_progress(http::BlockingPool& pool, LongCall call) {
  auto executor = co_await asio::this_coro::executor;
  auto lines = std::make_shared<Lines>(executor);
  CO_TRY_DONE(pool.start([lines, call = std::move(call)] {
    lines->end(call([&lines](const api::Progress& progress) { lines->progress(progress); }));
  }));
  http::Response response = http::make_response(200, "application/x-ndjson", "");
  response.source = std::move(lines);
  co_return response;
}

}  // namespace symbolon::authority
