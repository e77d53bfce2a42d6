/* A long line: hands bytes on unchanged, each a fixed time after it came, in both directions.
 *
 *     delay PORT MICROSECONDS      listens on a free port of 127.0.0.1, prints its number, connects to PORT for each
 *
 * MICROSECONDS is one way: half of the round trip. Only time is added: bytes are taken as fast as they come, whatever
 * lies under way, and connections do not wait for each other. As the delay is the same for all, one queue in order of
 * arrival serves every connection, and one timer its head.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, EVENTS = 64 };

typedef struct Piece Piece;
typedef struct End End;

struct Piece {
    Piece *next;
    End *to;
    uint64_t due; /* nanoseconds, CLOCK_MONOTONIC */
    size_t size, at;
    char bytes[]; /* none: the other side has closed */
};

/* One side of a connection. Small, and never freed: a line lives no longer than one measurement. */
struct End {
    int fd;
    End *other;
    Piece *first, *last;  /* arrived and not written yet */
    bool read_over;       /* has said its last byte */
    bool write_over;      /* has been told the other's last byte */
    bool gone;
};

static Piece *road_first, *road_last;
static int poll_fd, timer_fd, target;
static uint64_t delay;
static char buffer[BUFFER];
static char listener_mark, timer_mark;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void wake_at(uint64_t due) {
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(due / 1000000000), .tv_nsec = (long)(due % 1000000000)}};
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void watch(End *end) {
    uint32_t events = (end->read_over ? 0 : EPOLLIN) | (end->first ? EPOLLOUT : 0);
    struct epoll_event want = {.events = events, .data.ptr = end};
    if (!end->gone) epoll_ctl(poll_fd, EPOLL_CTL_MOD, end->fd, &want);
}

static void send_off(End *to, const char *data, size_t size) {
    Piece *piece = malloc(sizeof *piece + size);
    if (!piece) abort();
    *piece = (Piece){.to = to, .due = now() + delay, .size = size};
    if (size) memcpy(piece->bytes, data, size);
    if (road_last) road_last->next = piece;
    else {
        road_first = piece;
        wake_at(piece->due);
    }
    road_last = piece;
}

static void give_up(End *end) {
    if (end->gone) return;
    end->gone = end->write_over = true;
    close(end->fd);
    for (Piece *piece; (piece = end->first);) {
        end->first = piece->next;
        free(piece);
    }
    if (!end->read_over) send_off(end->other, NULL, 0);
    end->read_over = true;
}

static void told_all(End *end) {
    end->write_over = true;
    if (end->read_over && end->other->write_over) {
        give_up(end);
        give_up(end->other);
    }
}

static void write_out(End *end) {
    while (end->first) {
        Piece *piece = end->first;
        if (!piece->size) {
            shutdown(end->fd, SHUT_WR);
            told_all(end);
            if (end->gone) return;
        } else {
            ssize_t sent = send(end->fd, piece->bytes + piece->at, piece->size - piece->at,
                                MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno == EAGAIN) break;
            if (sent < 0) {
                give_up(end);
                return;
            }
            piece->at += (size_t)sent;
            if (piece->at < piece->size) continue;
        }
        end->first = piece->next;
        free(piece);
    }
    watch(end);
}

static void arrivals(void) {
    uint64_t times, moment = now();
    (void)!read(timer_fd, &times, sizeof times);
    while (road_first && road_first->due <= moment) {
        Piece *piece = road_first;
        End *to = piece->to;
        road_first = piece->next;
        if (!road_first) road_last = NULL;
        piece->next = NULL;
        if (to->gone) {
            free(piece);
        } else {
            bool idle = !to->first;
            if (idle) to->first = piece;
            else to->last->next = piece;
            to->last = piece;
            if (idle) write_out(to);
        }
    }
    if (road_first) wake_at(road_first->due);
}

static void read_in(End *end) {
    ssize_t got = recv(end->fd, buffer, BUFFER, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) {
        send_off(end->other, buffer, (size_t)got);
    } else if (end->read_over) { /* reset, or closed for good: nobody is there to be written to */
        give_up(end);
    } else {
        end->read_over = true;
        send_off(end->other, NULL, 0);
        if (end->write_over && end->other->gone) give_up(end);
        watch(end);
    }
}

static int connect_to(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

static End *one_end(int fd) {
    End *end = calloc(1, sizeof *end);
    int on = 1;
    if (!end) abort();
    end->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = end};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &want);
    return end;
}

static void welcome(int listener) {
    int near = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (near < 0) return;
    int far = connect_to(target);
    if (far < 0) {
        close(near);
        return;
    }
    End *a = one_end(near), *b = one_end(far);
    a->other = b;
    b->other = a;
}

int main(int count, char **words) {
    if (count != 3) return 2;
    target = atoi(words[1]);
    delay = strtoull(words[2], NULL, 10) * 1000;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 512)) {
        perror("delay");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event events[EVENTS], want = {.events = EPOLLIN, .data.ptr = &listener_mark};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &want);
    want.data.ptr = &timer_mark;
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer_fd, &want);
    for (;;) {
        int ready = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            void *who = events[i].data.ptr;
            if (who == &listener_mark) welcome(listener);
            else if (who == &timer_mark) arrivals();
        }
        for (int i = 0; i < ready; i++) {
            void *who = events[i].data.ptr;
            if (who == &listener_mark || who == &timer_mark) continue;
            End *end = who;
            if (end->gone) continue;
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_in(end);
            if (events[i].events & EPOLLOUT && !end->gone) write_out(end);
        }
    }
}
