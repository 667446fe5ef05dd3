#include "flow/lane_stats.hpp"

#include <string>

namespace headrace::flow {

void LaneStats::add_to(RouteSnapshot& out) const {
    out.write_requests += write_requests.value();
    out.check_requests += check_requests.value();
    for (std::size_t i = 0; i < failure_reason_count; ++i) {
        out.write_errors[i] += write_errors[i].value();
        if (auto const retried = retried_records[i].value(); retried != 0) {
            out.retried_by_reason[std::string(to_string(static_cast<FailureReason>(i)))] += retried;
        }
    }
    write_duration_seconds.add_to(out.write_duration_seconds);
    end_to_end_seconds.add_to(out.end_to_end_seconds);
    batch_records.add_to(out.batch_records);
    out.requests_in_flight += requests_in_flight.load(std::memory_order_relaxed);
}

}  // namespace headrace::flow
