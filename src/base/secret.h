// Secret text and bytes: wiped when they die, never copied by accident, never formatted.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace symbolon {

// Passphrases, private keys in PEM. Moves leave nothing behind.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  Secret duplicate() const { return Secret(text_); }
  std::string_view reveal() const { return text_; }
  ByteView bytes() const { return as_bytes(text_); }
  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }

 private:
  void wipe() {
    text_.resize(text_.capacity());
    explicit_bzero(text_.data(), text_.size());
    text_.clear();
  }
  std::string text_;
};

}  // namespace symbolon
