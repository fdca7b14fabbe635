#include "tls/judgement.h"

#include "policy/access_policy.h"

namespace symbolon::tls {
namespace {

Rejection from_failure(x509::PathFailure&& failure) {
  return {.code = failure.code,
          .words = std::move(failure.detail),
          .index = failure.index,
          .certificate = std::move(failure.certificate),
          .rule = std::move(failure.rule),
          .limit = failure.limit,
          .identity = std::nullopt};
}

}  // namespace

Verdict Judge::judge(const std::vector<x509::Certificate>& presented, std::optional<UnixSeconds> at) const {
  ENSURE(options_.trust && options_.clock != nullptr);
  x509::PathOptions path_options;
  path_options.at = at.value_or(options_.clock->now());
  path_options.role = options_.role;
  path_options.depth = options_.depth;
  path_options.check = options_.path_check;
  path_options.revocation = options_.revocation.get();
  path_options.expected_names = options_.expected_names;
  path_options.cache = options_.cache;
  const std::uint64_t generation = options_.revocation ? options_.revocation->generation() : 0;
  auto path = x509::verify_path(presented, *options_.trust, path_options);
  if (!path) return std::unexpected(from_failure(std::move(path).error()));

  auto admission = std::make_shared<Admission>();
  admission->identity = x509::identity_of(path->leaf());
  admission->path = std::move(path->certificates);
  admission->not_after = path->earliest_not_after;
  admission->warnings = std::move(path->warnings);
  admission->generation = generation;
  if (!options_.access) {
    ENSURE(options_.role == PeerRole::server);  // clients are never admitted without a rule that says so
    return admission;
  }
  policy::Decision decision = options_.access->decide(admission->identity);
  if (!decision.allowed()) {
    return std::unexpected(Rejection{.code = Code::not_allowed_by_policy,
                                     .words = fmt::format("{}: {}", admission->identity.text(), decision.rule),
                                     .index = 0,
                                     .certificate = admission->path.front(),
                                     .rule = std::move(decision.rule),
                                     .limit = std::nullopt,
                                     .identity = std::move(admission->identity)});
  }
  admission->rule = std::move(decision.rule);
  return admission;
}

}  // namespace symbolon::tls
