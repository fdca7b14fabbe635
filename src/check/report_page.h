// What both forms of the report say of it: its tones and its lines at the top.
#pragma once

#include <string>
#include <string_view>

#include "check/paint.h"
#include "check/report.h"

namespace symbolon::check {

Tone tone_of(Severity severity);
Tone tone_of(Outcome outcome);

std::string words_of(Outcome outcome);  // "likely accepted"
std::string reached_text(
    const Observation& observation);  // "web.example:443 (192.0.2.1:443), asked for the name a.example"
std::string agreed_text(const Observation& observation);  // "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519"; may be empty

}  // namespace symbolon::check
