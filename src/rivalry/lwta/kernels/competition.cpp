// Fused competition on the CPU: forward reads h and writes y, backward reads h and the gradient and writes one tensor.
//
// Noise and soft probabilities are never stored: backward makes them again from seed and counter. What is computed is
// written down in reference.py; the words here are its. Work goes by tiles (tiles.h), and every loop over LANES becomes
// vector instructions.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

#include "numbers.h"
#include "tiles.h"

namespace {

enum Rule { ARGMAX, GUMBEL_SOFTMAX, SOFTMAX, CONDITIONAL };

struct Competition {
    int rule;
    int64_t competitors;
    Seed seed;
    float sharpness, temperature;
};

bool all_finite(const Rows rows, int64_t competitors) {
    uint32_t bad = 0;
    for (int64_t i = 0; i < competitors * LANES; ++i) bad |= (as_bits(rows[i]) & 0x7f800000u) == 0x7f800000u;
    return !bad;
}

// What a block's relaxed winner is the softmax of (over T), with the highest of it, and who won; by the rule.
struct Draw {
    Rows logits, spare;
    float highest[LANES];
    int32_t winners[LANES];
};

// The first of the largest of each block wins.
void lead(const Rows rows, int64_t competitors, Draw& draw) {
    for (int l = 0; l < LANES; ++l) draw.highest[l] = rows[l], draw.winners[l] = 0;
    for (int64_t u = 1; u < competitors; ++u) {
        const float* row = rows + u * LANES;
        for (int l = 0; l < LANES; ++l) {
            const bool better = row[l] > draw.highest[l];
            draw.highest[l] = better ? row[l] : draw.highest[l];
            draw.winners[l] = better ? static_cast<int32_t>(u) : draw.winners[l];
        }
    }
}

void draw_gumbel(const Competition& how, const Place& place, const Rows h, Draw& draw) {
    uint32_t first[LANES];  // counters of the blocks' first units
    for (int l = 0; l < LANES; ++l) first[l] = place.counter[l] * static_cast<uint32_t>(how.competitors);
    for (int64_t u = 0; u < how.competitors; ++u) {
        const float* row = h + u * LANES;
        float* logit = draw.logits + u * LANES;
        for (int l = 0; l < LANES; ++l)
            logit[l] = how.sharpness * row[l] + gumbel(uniform(first[l] + static_cast<uint32_t>(u), 0, how.seed));
    }
    lead(draw.logits, how.competitors, draw);
}

// One uniform a block: the winner is the first at whom the cumulated chance passes it. `total` is Σ exp(a − max a).
void draw_by_chance(const Competition& how, const Place& place, const Rows h, Draw& draw, float* total) {
    for (int64_t i = 0; i < how.competitors * LANES; ++i) draw.logits[i] = how.sharpness * h[i];
    lead(draw.logits, how.competitors, draw);
    for (int l = 0; l < LANES; ++l) total[l] = 0.0f, draw.winners[l] = 0;
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            total[l] += exponential(draw.logits[u * LANES + l] - draw.highest[l]);
            draw.spare[u * LANES + l] = total[l];
        }
    float mark[LANES];
    for (int l = 0; l < LANES; ++l) mark[l] = uniform(place.counter[l], 1, how.seed) * total[l];
    for (int64_t u = 0; u + 1 < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) draw.winners[l] += draw.spare[u * LANES + l] <= mark[l];
}

// Gumbel-perturbed logits but for a constant, given who won: with m the largest a, −log(E_w / Σ exp(a − m)) of the
// winner, −log(E_u exp(m − a_u) + E_w / Σ exp(a − m)) of the others.
void condition(const Competition& how, const Place& place, Draw& draw, const float* total) {
    uint32_t first[LANES];
    float shared[LANES], highest[LANES];
    for (int l = 0; l < LANES; ++l) {
        first[l] = place.counter[l] * static_cast<uint32_t>(how.competitors);
        const float waiting = -logarithm(uniform(first[l] + static_cast<uint32_t>(draw.winners[l]), 0, how.seed));
        shared[l] = waiting / total[l];
        highest[l] = -logarithm(shared[l]);
    }
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            float& logit = draw.logits[u * LANES + l];
            const float waiting = -logarithm(uniform(first[l] + static_cast<uint32_t>(u), 0, how.seed));
            const float own = waiting * exponential(-larger(logit - draw.highest[l], -80.0f));
            logit = draw.winners[l] == u ? highest[l] : -logarithm(own + shared[l]);
        }
    for (int l = 0; l < LANES; ++l) draw.highest[l] = highest[l];  // who won leads
}

// Who wins; where the gradient is wanted too, what the relaxed winner is the softmax of.
void draw_winners(const Competition& how, const Place& place, const Rows h, Draw& draw, bool relaxed) {
    float total[LANES];
    switch (how.rule) {
        case ARGMAX: lead(h, how.competitors, draw); break;
        case GUMBEL_SOFTMAX: draw_gumbel(how, place, h, draw); break;
        default:
            draw_by_chance(how, place, h, draw, total);
            if (relaxed && how.rule == CONDITIONAL) condition(how, place, draw, total);
    }
}

// The gradient: g of the winner, and through the draw (β/T) · s · (g·h − Σ s·g·h), s the relaxed winner. Into g.
void pull_back(const Competition& how, const Rows h, Rows g, Draw& draw) {
    if (how.rule == ARGMAX) {
        for (int64_t u = 0; u < how.competitors; ++u)
            for (int l = 0; l < LANES; ++l) g[u * LANES + l] = draw.winners[l] == u ? g[u * LANES + l] : 0.0f;
        return;
    }
    const float cooled = 1.0f / how.temperature, slope = how.sharpness / how.temperature;
    float total[LANES] = {}, mean[LANES] = {};
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            float& share = draw.logits[u * LANES + l];
            share = exponential((share - draw.highest[l]) * cooled);
            total[l] += share;
            mean[l] += share * g[u * LANES + l] * h[u * LANES + l];
        }
    for (int l = 0; l < LANES; ++l) {
        total[l] = 1.0f / total[l];
        mean[l] *= total[l];
        total[l] *= slope;
    }
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            float& pull = g[u * LANES + l];
            const float through = draw.logits[u * LANES + l] * total[l] * (pull * h[u * LANES + l] - mean[l]);
            pull = (draw.winners[l] == u ? pull : 0.0f) + through;
        }
}

// Two competitors: all hangs on their margin, and a sigmoid takes the place of the softmax.
void margins(const Competition& how, const Place& place, const Rows h, float* margin) {
    for (int l = 0; l < LANES; ++l)
        margin[l] = how.sharpness * (h[LANES + l] - h[l]) + logistic(uniform(place.counter[l], 1, how.seed));
}

void pull_back_of_two(const Competition& how, const Rows h, Rows g, const float* margin) {
    const float cooled = 1.0f / how.temperature, slope = how.sharpness / how.temperature;
    for (int l = 0; l < LANES; ++l) {
        const float odds = exponential(-std::abs(margin[l]) * cooled);
        const float spread = odds / ((1.0f + odds) * (1.0f + odds));  // s · (1 − s), of either sign of the margin
        const float pull = slope * spread * (g[LANES + l] * h[LANES + l] - g[l] * h[l]);
        const bool second = margin[l] > 0.0f;
        g[l] = (second ? 0.0f : g[l]) - pull;
        g[LANES + l] = (second ? g[LANES + l] : 0.0f) + pull;
    }
}

template <typename Scalar>
void keep_winners(const Scalar* h, const Place& place, Rows rows, const Draw& draw, Scalar* y) {
    const int64_t U = place.competitors;
    if (place.inner == 1 && U > 2) {  // one of each block is copied, and nothing is turned about
        std::fill(y + place.base, y + place.base + place.count * U, Scalar(0));
        for (int64_t l = 0, first = place.base; l < place.count; ++l, first += U)
            y[first + draw.winners[l]] = h[first + draw.winners[l]];
        return;
    }
    for (int64_t u = 0; u < U; ++u)
        for (int l = 0; l < LANES; ++l) rows[u * LANES + l] = draw.winners[l] == u ? rows[u * LANES + l] : 0.0f;
    write(rows, place, y, draw.spare);
}

template <typename Scalar>
bool forward(const Scalar* h, Scalar* y, int64_t* winners, const Shape& shape, const Competition& how, int threads) {
    std::atomic<bool> finite{true};
    const int64_t U = how.competitors;
    for_each_tile(shape, U, threads, [&](const Place& place, float* scratch) {
        Rows rows = scratch;
        float* flat = scratch + 3 * LANES * U;
        Draw draw;
        draw.logits = scratch + LANES * U, draw.spare = flat;
        read(h, place, rows, flat);
        if (!all_finite(rows, U)) finite = false;
        if (how.rule == GUMBEL_SOFTMAX && U == 2) {
            float margin[LANES];
            margins(how, place, rows, margin);
            for (int l = 0; l < LANES; ++l) draw.winners[l] = margin[l] > 0.0f;
        } else {
            draw_winners(how, place, rows, draw, false);
        }
        keep_winners(h, place, rows, draw, y);
        if (winners)
            for (int l = 0; l < place.count; ++l) winners[place.winners + l] = draw.winners[l];
    });
    return finite;
}

template <typename Scalar>
void backward(const Scalar* gradient, const Scalar* h, Scalar* result, const Shape& shape, const Competition& how,
              int threads) {
    const int64_t U = how.competitors;
    for_each_tile(shape, U, threads, [&](const Place& place, float* scratch) {
        Rows rows = scratch, pulls = scratch + 2 * LANES * U;
        float* flat = scratch + 3 * LANES * U;
        Draw draw;
        draw.logits = scratch + LANES * U, draw.spare = flat;
        read(h, place, rows, flat);
        read(gradient, place, pulls, flat);
        if (how.rule == GUMBEL_SOFTMAX && U == 2) {
            float margin[LANES];
            margins(how, place, rows, margin);
            pull_back_of_two(how, rows, pulls, margin);
        } else {
            draw_winners(how, place, rows, draw, true);
            pull_back(how, rows, pulls, draw);
        }
        write(pulls, place, result, flat);
    });
}

Competition competition(int rule, int64_t competitors, int64_t seed, float sharpness, float temperature) {
    return {rule, competitors, Seed(static_cast<uint64_t>(seed)), sharpness, temperature};
}

}  // namespace

// ---------------------------------------------------------------------------------------------- called through ctypes

extern "C" {

// Whether every activation is finite. `winners` may be null.
int rivalry_forward(const void* h, void* y, int64_t* winners, int bfloat16, int64_t outer, int64_t units, int64_t inner,
                    int rule, int64_t competitors, int64_t seed, float sharpness, float temperature, int threads) {
    const Competition how = competition(rule, competitors, seed, sharpness, temperature);
    const Shape shape{outer, units, inner};
    if (bfloat16)
        return forward(static_cast<const uint16_t*>(h), static_cast<uint16_t*>(y), winners, shape, how, threads);
    return forward(static_cast<const float*>(h), static_cast<float*>(y), winners, shape, how, threads);
}

void rivalry_backward(const void* gradient, const void* h, void* result, int bfloat16, int64_t outer, int64_t units,
                      int64_t inner, int rule, int64_t competitors, int64_t seed, float sharpness, float temperature,
                      int threads) {
    const Competition how = competition(rule, competitors, seed, sharpness, temperature);
    const Shape shape{outer, units, inner};
    if (bfloat16)
        backward(static_cast<const uint16_t*>(gradient), static_cast<const uint16_t*>(h),
                 static_cast<uint16_t*>(result), shape, how, threads);
    else
        backward(static_cast<const float*>(gradient), static_cast<const float*>(h), static_cast<float*>(result), shape,
                 how, threads);
}
}
