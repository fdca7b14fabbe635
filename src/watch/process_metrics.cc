#include "watch/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/log.h"

namespace symbolon::watch {
namespace {

// The second field of /proc/self/statm: resident pages.
double resident_octets() {
  const auto text = read_file("/proc/self/statm", 4096);
  const auto blank = text ? text->find(' ') : std::string::npos;
  if (blank == std::string::npos) return 0;
  return std::strtod(text->c_str() + blank, nullptr) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code problem;
  double count = -1;  // the one that reads the folder
  for (std::filesystem::directory_iterator at("/proc/self/fd", problem), end; !problem && at != end;
       at.increment(problem))
    ++count;
  return std::max(count, 0.0);
}

double processor_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void add_process_metrics(Families& families) {
  families.gauge("symbolon_build_info", "1; the version is in the label.", 1, {{"version", SYMBOLON_VERSION}});
  families.counter("symbolon_log_lines_lost_total", "Lines of the log that found its queue full.",
                   static_cast<double>(lost_log_lines()));
  families.gauge("process_resident_memory_bytes", "Resident memory.", resident_octets());
  families.counter("process_cpu_seconds_total", "Processor time, user and system.", processor_seconds());
  families.gauge("process_open_fds", "Open descriptors.", open_descriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    families.gauge("process_max_fds", "Descriptors at most.", static_cast<double>(limit.rlim_cur));
}

}  // namespace symbolon::watch
