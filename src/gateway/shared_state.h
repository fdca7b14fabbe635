// What all threads of one gateway share beside snapshots. Private to this folder.
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "gateway/gateway.h"
#include "gateway/limits.h"
#include "gateway/record_sink.h"
#include "gateway/source_limit.h"
#include "gateway/ticket_domains.h"
#include "net/drain.h"

namespace symbolon::gateway {

struct SharedState {
  explicit SharedState(const Clock& given) : clock(&given), tickets(given) {}
  const Clock* clock;
  std::shared_ptr<RecordSink> records;
  std::shared_ptr<const x509::RevocationChecker> revocation;  // null: nothing is revoked
  std::function<void(AdmissionStep)> after_step;              // empty: nobody asks
  std::shared_ptr<net::DrainRoom> drain;
  SourceLimit source_limit;
  LimitCounts limits;
  TicketDomains tickets;
  std::atomic<std::size_t> doors{0};       // listening sockets that may still give a connection
  std::atomic<std::size_t> on_the_way{0};  // connections handed from the thread that accepted them to another
};

}  // namespace symbolon::gateway
