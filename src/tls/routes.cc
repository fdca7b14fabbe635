#include "tls/context.h"

namespace symbolon::tls {

Result<std::shared_ptr<const ServerRoutes>> ServerRoutes::make(std::vector<Entry> entries,
                                                               std::shared_ptr<const ServerContext> default_route) {
  ENSURE(!entries.empty());
  std::shared_ptr<ServerRoutes> out(new ServerRoutes());
  out->first_ = entries.front().context;
  out->default_ = std::move(default_route);
  for (auto& entry : entries) {
    if (entry.names.empty()) {
      if (out->rest_)
        return fail(Code::config_bad_value, "the routes '{}' and '{}' listen on one address and neither has `names`",
                    out->rest_->name(), entry.context->name());
      out->rest_ = entry.context;
    }
    for (const std::string& name : entry.names) {
      auto& map = name.starts_with("*.") ? out->wildcard_ : out->exact_;
      const auto [at, added] = map.emplace(name.starts_with("*.") ? name.substr(1) : name, entry.context);
      if (!added)
        return fail(Code::config_bad_value, "the routes '{}' and '{}' both serve '{}'", at->second->name(),
                    entry.context->name(), name);
    }
  }
  return std::shared_ptr<const ServerRoutes>(std::move(out));
}

Result<std::shared_ptr<const ServerRoutes>> ServerRoutes::single(std::shared_ptr<const ServerContext> context) {
  auto only = context;
  std::vector<Entry> entries;
  entries.push_back({{}, std::move(context)});
  return make(std::move(entries), std::move(only));
}

const std::shared_ptr<const ServerContext>& ServerRoutes::find(const std::optional<std::string>& server_name) const {
  if (!server_name) return default_;
  if (const auto found = exact_.find(*server_name); found != exact_.end()) return found->second;
  const std::size_t dot = server_name->find('.');
  if (dot != std::string::npos && dot > 0) {
    if (const auto found = wildcard_.find(std::string_view(*server_name).substr(dot)); found != wildcard_.end())
      return found->second;
  }
  return rest_;
}

}  // namespace symbolon::tls
