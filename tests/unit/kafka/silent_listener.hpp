// A SourceListener that hears nothing; tests override what they look at.
#pragma once

#include "flow/source.hpp"

namespace headrace::kafka {

class SilentListener : public flow::SourceListener {
  public:
    void on_assigned(std::span<flow::Assigned const>) override {}
    void on_revoking(std::span<flow::Slot const>) override {}
    void on_lost(std::span<flow::Slot const>) override {}
    void on_committed(std::span<flow::CommitPoint const>, Result<void> const&) override {}
    void on_expired(flow::TopicPartition const&, flow::Offset, flow::Offset) override {}
    void on_trouble(Error const&) override {}
    void on_recovered() override {}
};

}  // namespace headrace::kafka
