// The blocks of a PEM file (RFC 7468) as they are read, for those that are too large to be decoded whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/octet_source.h"

namespace symbolon::revocation {

// Not thread-safe. Borrows the text. Other text and blocks of other labels are skipped; what is in those is not looked
// at.
class PemSource final : public OctetSource {
 public:
  PemSource(OctetSource& text, std::string_view label) : text_(text), label_(label) {}

  // Goes on to the next block with the label, the one before having been read to its end; false: there is none. Fails
  // as the text does, or with pem_malformed and the line: no END, the wrong END, more than a label where one begins.
  Result<bool> next_block();
  // Octets of the block; 0: its end. Fails likewise, or with pem_malformed where it is not base64 (RFC 4648 §4, strict
  // but for blanks).
  Result<std::size_t> read(std::span<std::uint8_t> into) override;
  // Did any block begin, of whatever label?
  bool is_pem() const { return is_pem_; }

 private:
  // A line, or a part of a very long one, which `continued` then says of all but the first.
  struct Line {
    std::string_view text;
    bool continued = false;
  };
  Result<std::optional<Line>> next_line();  // nothing: the end of the text
  Result<Line> line_of_block(std::string_view label);
  Status skip_block(std::string_view label);
  Status check_end(std::string_view line, std::string_view label) const;
  Status read_line();
  Status decode(std::string_view line);
  Status finish_decoding();
  std::unexpected<Error> malformed(std::string_view what) const;

  OctetSource& text_;
  std::string label_;
  Bytes buffer_ = Bytes(std::size_t{64} << 10);
  std::size_t begin_ = 0;  // what was read of the text and is not used lies between these
  std::size_t end_ = 0;
  bool ended_ = false;
  bool cut_ = false;        // the next line goes on with the one before
  std::uint64_t line_ = 0;  // from 1
  bool is_pem_ = false;
  bool inside_ = false;
  Bytes decoded_;  // of the last line, from `used_` on
  std::size_t used_ = 0;
  std::uint32_t group_ = 0;  // of four digits
  unsigned digits_ = 0;      // in it
  unsigned padding_ = 0;     // behind it
};

}  // namespace symbolon::revocation
