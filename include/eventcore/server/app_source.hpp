// Where workers get their application from: one that they share, or one each.
#pragma once

#include <utility>

#include "eventcore/base/owned.hpp"
#include "eventcore/web/application.hpp"

namespace eventcore {

// The application of one worker; destroyed on the worker's thread when its last connection has ended.
class app_instance {
 public:
    virtual ~app_instance() = default;
    virtual application app() const noexcept = 0;
};

// Asked by each worker on its own thread. May throw: then the server does not start.
class app_source {
 public:
    virtual ~app_source() = default;
    virtual owned<app_instance> make() = 0;
};

namespace detail {

class borrowed_app final : public app_instance {
 public:
    explicit borrowed_app(application app) noexcept : app_(app) {}
    application app() const noexcept override { return app_; }

 private:
    application app_;
};

// One set of routes for all workers. What handlers capture is then shared by threads: keep it constant, or
// use per_worker_app.
template <class Router>
class shared_app final : public app_source {
 public:
    explicit shared_app(Router router) : router_(std::move(router)) {}
    owned<app_instance> make() override { return make_owned<borrowed_app>(router_.application()); }

 private:
    Router router_;
};

template <class Router>
class referenced_app final : public app_source {
 public:
    explicit referenced_app(const Router& router) noexcept : router_(&router) {}
    owned<app_instance> make() override { return make_owned<borrowed_app>(router_->application()); }

 private:
    const Router* router_;
};

// An App of its own for each worker, so that handlers need no locks: `auto App::routes()` makes the router.
template <class App>
class per_worker_app final : public app_source {
 public:
    owned<app_instance> make() override { return make_owned<instance>(); }

 private:
    struct instance final : app_instance {
        App state;
        decltype(state.routes()) router = state.routes();
        application app() const noexcept override { return router.application(); }
    };
};

}  // namespace detail

}  // namespace eventcore
