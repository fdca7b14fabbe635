// Serves OCSP in plain HTTP (RFC 6960 appendix A, RFC 5019 §5 and §6): POST, and GET with the request in the path.
#pragma once

#include <memory>
#include <string>

#include "authority/ocsp_responder.h"
#include "http/gathering_pool.h"
#include "http/server.h"

namespace symbolon::authority {

inline constexpr std::string_view kOcspRequestType = "application/ocsp-request";
inline constexpr std::string_view kOcspResponseType = "application/ocsp-response";

// The server's bounds: nobody there has shown who they are.
http::ServerOptions ocsp_server_options();

// Where responses are signed, several at a time. The responder outlives it.
using OcspPool = http::GatheringPool<OcspResponder::Question, OcspResponder::Answer>;
std::unique_ptr<OcspPool> ocsp_pool(OcspResponder& responder, const http::GatheringLimits& limits);

// What is there at `path` (OcspConfig::path) and below it is answered; everything else by `rest`. What must be signed
// is, by the pool. Responder and pool outlive it.
http::Handler ocsp_handler(OcspResponder& responder, OcspPool& pool, std::string path, http::Handler rest);

// Where nothing else is served.
http::Handler nothing_here();

}  // namespace symbolon::authority
