// What becomes of an open connection when that by which it was admitted changes.
#include <algorithm>
#include <new>

#include "gateway/session.h"

namespace symbolon::gateway {

void Session::judge_again() noexcept {
  try {
    judge_as_new();
  } catch (const std::bad_alloc&) {
    give_up_for_memory();
  }
}

void Session::judge_as_new() {
  if (ended_) return;
  if (!served_->routes) return end(Code::route_removed, "nothing is served at this address any more");
  outdated_ = true;
  if (!route_) return;
  auto next = route_now();
  if (!next) return end(next.error().code, std::move(next.error().words));
  if (const auto& context = (*next)->context) {
    auto verdict = context->judge_again(peer_.admission, peer_.admission ? judged_at(*peer_.admission) : std::nullopt);
    if (!verdict) return end(verdict.error().code, std::move(verdict.error().words));
    take_admission(peer_.admission, std::move(*verdict));
    peer_.route = context;
  }
  route_ = std::move(*next);
  judge_server_again();
  note_expiry();
}

void Session::expired() {
  thread_.expiries.remove(*expiry_);
  expiry_.reset();
  judge_again();
  // A judgement that does not mind is not asked again and again.
  if (expiry_ && (*expiry_)->first < shared_.clock->now())
    thread_.expiries.remove(*std::exchange(expiry_, std::nullopt));
}

std::optional<UnixSeconds> Session::judged_at(const tls::Admission& admission) const {
  const UnixSeconds now = shared_.clock->now();
  if (route_->on_expiry == OnExpiry::close || !(admission.not_after < now)) return std::nullopt;
  return admission.not_after;
}

// Under `insecure_keep` there is nothing to wait for.
void Session::note_expiry() {
  if (expiry_) thread_.expiries.remove(*std::exchange(expiry_, std::nullopt));
  if (ended_ || route_->on_expiry == OnExpiry::insecure_keep) return;
  std::optional<UnixSeconds> first;
  if (peer_.admission) first = peer_.admission->not_after;
  if (server_ && server_->admission)
    first = std::min(first.value_or(server_->admission->not_after), server_->admission->not_after);
  if (first) expiry_ = thread_.expiries.add(*first, *this);
}

Result<std::shared_ptr<const Route>> Session::route_now() const {
  const AddressRoutes& now = *served_->routes;
  const std::string& came_from = forwarded_ ? forwarded_->proxy.address : address_.address;
  if (from_proxy_ && !now.proxies.include(came_from))
    return fail(Code::route_removed, "{} is not in `accept_proxy_from` any more", came_from);
  const bool plain = !route_->context;
  if (plain != !now.by_name)
    return fail(Code::route_removed, "clients are to speak {} here now", plain ? "TLS" : "plain");
  if (plain) {
    if (now.all.front()->name == route_->name) return now.all.front();
    return fail(Code::route_removed, "the address leads to the route '{}'", now.all.front()->name);
  }
  const auto& context = now.by_name->find(peer_.server_name);
  if (context && context->name() == route_->name) return now.of(*context);
  return fail(Code::route_removed, "'{}' leads to {}", peer_.server_name.value_or(""),
              context ? "the route '" + context->name() + "'" : "no route");
}

// Nothing to judge by: it speaks plain, or is yet to be reached (then reach() asks).
void Session::judge_server_again() {
  const auto& servers = route_->service.tls;
  if (!server_ || !servers) return;
  const std::string& name = route_->service.server_name.empty() ? server_->host : route_->service.server_name;
  auto verdict = servers->judge_again(server_->admission, name, judged_at(*server_->admission));
  if (!verdict) return end(verdict.error().code, std::move(verdict.error().words));
  take_admission(server_->admission, std::move(*verdict));
}

// Another path may have been found to the same leaf.
void Session::take_admission(std::shared_ptr<const tls::Admission>& place, std::shared_ptr<const tls::Admission> next) {
  const bool same = place && next ? place->path == next->path : place == next;
  place = std::move(next);
  if (!same) index();
}

void Session::index() {
  std::vector<CertificateKey> keys;
  for (const tls::Admission* const one : {peer_.admission.get(), server_ ? server_->admission.get() : nullptr}) {
    if (one != nullptr) std::ranges::copy(keys_of(one->path), std::back_inserter(keys));
  }
  thread_.index.put(indexed_, *this, keys);
}

bool Session::is_behind(const tls::Admission* admission) const {
  return admission != nullptr && shared_.revocation && admission->generation != shared_.revocation->generation();
}

void Session::passed(AdmissionStep step) const {
  if (shared_.after_step) shared_.after_step(step);
}

}  // namespace symbolon::gateway
