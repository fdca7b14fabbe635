// For tests: certificates and CRLs made by forge.py (python3-cryptography), never by the code under test.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/testing/source_folder.h"
#include "x509/certificate.h"

namespace symbolon::x509::testing {

// Everything happens around this moment; nothing of a test ages.
inline constexpr UnixSeconds kNow{1'800'000'000};  // 2027-01-15T08:00:00Z

// A running forge.py. What it refuses ends the test with its words.
class Forge {
 public:
  Forge() {
    int to[2];
    int from[2];
    if (pipe(to) != 0 || pipe(from) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      const std::string script = std::string(kSourceFolder) + "/src/x509/testing/forge.py";
      execl("/usr/bin/python3", "python3", "-W", "ignore", script.c_str(), nullptr);
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    in_ = fdopen(to[1], "w");
    out_ = fdopen(from[0], "r");
  }
  ~Forge() {
    std::fclose(in_);
    std::fclose(out_);
    waitpid(child_, nullptr, 0);
  }
  Forge(const Forge&) = delete;
  Forge& operator=(const Forge&) = delete;

  // DER of what the JSON object (see forge.py) describes.
  Bytes make(std::string json) {
    for (char& c : json) {
      if (c == '\n') c = ' ';
    }
    std::fputs((json + "\n").c_str(), in_);
    std::fflush(in_);
    std::string answer;
    for (int c = std::fgetc(out_); c != EOF && c != '\n'; c = std::fgetc(out_)) answer += static_cast<char>(c);
    auto der = from_hex(answer);
    if (!der || der->empty()) {
      ADD_FAILURE() << "forge.py: " << answer << "\nfor " << json;
      std::abort();
    }
    return *der;
  }

  // `rest`: further members of the JSON object. The validity is a year around kNow unless `rest` says otherwise.
  Certificate certificate(std::string_view id, std::string_view common_name, std::string_view issuer,
                          std::string_view rest) {
    const std::string validity =
        rest.find("not_after") == std::string_view::npos
            ? fmt::format(R"("not_before": {}, "not_after": {},)", kNow.count - 86400 * 30, kNow.count + 86400 * 335)
            : std::string();
    const std::string subject = rest.find("\"subject\"") == std::string_view::npos
                                    ? fmt::format(R"("subject": [["CN", "{}"]],)", common_name)
                                    : std::string();
    const Bytes der = make(fmt::format(R"({{"id": "{}", "issuer": "{}", {} {} {}}})", id, issuer, subject, validity,
                                       rest.empty() ? R"("made": true)" : rest));
    auto certificate = Certificate::from_der(der);
    if (!certificate) {
      ADD_FAILURE() << certificate.error().text();
      std::abort();
    }
    return *certificate;
  }

  static constexpr std::string_view kCa = R"("basic": {"ca": true}, "usage": ["key_cert_sign", "crl_sign"])";
  static constexpr std::string_view kClient =
      R"("basic": {"ca": false}, "usage": ["digital_signature"], "eku": ["1.3.6.1.5.5.7.3.2"])";
  static constexpr std::string_view kServer =
      R"("basic": {"ca": false}, "usage": ["digital_signature"], "eku": ["1.3.6.1.5.5.7.3.1"])";

  static std::string with(std::string_view base, std::string_view more) { return fmt::format("{}, {}", base, more); }

  // A CA that is as it should be: "" as issuer makes a root.
  Certificate ca(std::string_view id, std::string_view name, std::string_view issuer = "") {
    return certificate(id, name, issuer, kCa);
  }
  Certificate client(std::string_view id, std::string_view name, std::string_view issuer) {
    return certificate(id, name, issuer, kClient);
  }

 private:
  pid_t child_ = -1;
  std::FILE* in_ = nullptr;
  std::FILE* out_ = nullptr;
};

// One for all tests of a program.
inline Forge& forge() {
  static Forge forge;
  return forge;
}

}  // namespace symbolon::x509::testing
