// Figures for Prometheus: durations in buckets, families of samples, and the text that is scraped.
//
// Whoever counts does so in plain integers of its own thread and makes families of them when asked: each source is a
// prometheus::Collectable. Names end as Prometheus' conventions say: _total, _seconds, _bytes.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace symbolon {

// How often which duration came. Not thread-safe: a thread has its own, and they are added up.
class Durations {
 public:
  // Seconds, each twice the one before and exact in binary: from 1/4096 (244 us) to 16.
  static constexpr std::size_t kBuckets = 17;
  static constexpr double kLeast = 1.0 / 4096;

  void add(std::chrono::nanoseconds duration);
  void add(const Durations& other);

  std::uint64_t count() const;
  // The least bound that this share (0 to 1) of the durations does not exceed; 0 when there is none.
  double quantile(double share) const;
  prometheus::ClientMetric::Histogram histogram() const;

 private:
  std::array<std::uint64_t, kBuckets + 1> counts_{};  // the last one: longer than every bound
  double sum_ = 0;                                    // seconds
};

using Labels = std::vector<prometheus::ClientMetric::Label>;

// Collects samples into families, in the order in which their names first came.
class Families {
 public:
  // `value` may be anything that converts to double without loss up to 2^53.
  void counter(const std::string& name, std::string_view help, double value, Labels labels = {});
  void gauge(const std::string& name, std::string_view help, double value, Labels labels = {});
  void histogram(const std::string& name, std::string_view help, const Durations& durations, Labels labels = {});
  std::vector<prometheus::MetricFamily> take() && { return std::move(families_); }

 private:
  prometheus::ClientMetric& sample(const std::string& name, std::string_view help, prometheus::MetricType type,
                                   Labels labels);
  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string, std::size_t> places_;
};

// Prometheus' text format 0.0.4.
inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";
std::string exposition(const std::vector<prometheus::MetricFamily>& families);

}  // namespace symbolon
