// For tests: what threads in the background bring about.
#pragma once

#include <chrono>
#include <thread>

namespace symbolon::gateway::testing {

// Until it holds; a test that hangs shall fail.
template <typename Holds>
bool becomes(Holds holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace symbolon::gateway::testing
