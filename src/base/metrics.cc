#include "base/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace symbolon {
namespace {

constexpr double bound_of(std::size_t bucket) {
  return Durations::kLeast * static_cast<double>(std::uint64_t{1} << bucket);
}

}  // namespace

void Durations::add(std::chrono::nanoseconds duration) {
  const double seconds = std::max(0.0, std::chrono::duration<double>(duration).count());
  std::size_t bucket = 0;
  while (bucket < kBuckets && seconds > bound_of(bucket)) ++bucket;
  ++counts_[bucket];
  sum_ += seconds;
}

void Durations::add(const Durations& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  sum_ += other.sum_;
}

std::uint64_t Durations::count() const {
  std::uint64_t all = 0;
  for (const std::uint64_t one : counts_) all += one;
  return all;
}

double Durations::quantile(double share) const {
  const double wanted = share * static_cast<double>(count());
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen != 0 && static_cast<double>(seen) >= wanted) return bound_of(i);
  }
  return seen == count() ? 0 : std::numeric_limits<double>::infinity();
}

prometheus::ClientMetric::Histogram Durations::histogram() const {
  prometheus::ClientMetric::Histogram out;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    out.sample_count += counts_[i];
    out.bucket.push_back({.cumulative_count = out.sample_count, .upper_bound = bound_of(i)});
  }
  out.sample_count += counts_[kBuckets];
  out.bucket.push_back({.cumulative_count = out.sample_count, .upper_bound = std::numeric_limits<double>::infinity()});
  out.sample_sum = sum_;
  return out;
}

void Families::counter(const std::string& name, std::string_view help, double value, Labels labels) {
  sample(name, help, prometheus::MetricType::Counter, std::move(labels)).counter.value = value;
}

void Families::gauge(const std::string& name, std::string_view help, double value, Labels labels) {
  sample(name, help, prometheus::MetricType::Gauge, std::move(labels)).gauge.value = value;
}

void Families::histogram(const std::string& name, std::string_view help, const Durations& durations, Labels labels) {
  sample(name, help, prometheus::MetricType::Histogram, std::move(labels)).histogram = durations.histogram();
}

prometheus::ClientMetric& Families::sample(const std::string& name, std::string_view help, prometheus::MetricType type,
                                           Labels labels) {
  const auto [at, added] = places_.emplace(name, families_.size());
  if (added) families_.push_back({.name = name, .help = std::string(help), .type = type, .metric = {}});
  prometheus::MetricFamily& family = families_[at->second];
  family.metric.emplace_back();
  family.metric.back().label = std::move(labels);
  return family.metric.back();
}

std::string exposition(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace symbolon
