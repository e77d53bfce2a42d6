/* A lean SMTP sink: takes every message, keeps none, and costs so little that the sender is what is measured.
 *
 *     sink [-c] [-n] [-d FILE] [-r FILE]      listens on a free port of 127.0.0.1 and prints its number
 *
 *     -c        offers CHUNKING as well       -n        offers no PIPELINING
 *     -d FILE   writes the first message there -r FILE   writes one line for each recipient of a message it took
 *
 * One thread, one epoll. A message after DATA is scanned for the lone dot and for nothing else; the bytes of a BDAT are
 * dropped inside the kernel (recv with MSG_TRUNC), never copied. Two verbs of its own serve the measuring:
 *
 *     XCOUNT    250 messages bytes first last     first, last: microseconds since 1970; 0 when there was none.
 *               `first` is when the first message was announced by DATA or BDAT, `last` when the last was accepted.
 *     XZERO     forgets them
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 2048, COMMANDS = 4096, BUFFER = 256 * 1024, EVENTS = 64, READS = 32 };

/* What the end of a message looks like, byte by byte: \r \n . \r \n */
enum { NOTHING, CR, CRLF, DOT, DOT_CR, END };

typedef struct {
    int fd;
    enum { COMMAND, MESSAGE, CHUNK } reading;
    int seen;           /* MESSAGE: how much of the end was seen */
    uint64_t left;      /* CHUNK: bytes still to come */
    bool last, valid;   /* CHUNK: it is the last one; its envelope holds */
    bool mail, closing;
    int recipients;
    char line[LINE];
    size_t line_length;
    char recipient[LINE];
    char *out;
    size_t out_length, out_room;
} Link;

static bool chunking, pipelining = true;
static FILE *dump, *recipients;
static uint64_t messages, bytes, first, last;
static char buffer[BUFFER];
static int poll_fd;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void say(Link *link, const char *format, ...) {
    if (link->out_room - link->out_length < 512) {
        link->out_room = link->out_room * 2 + 1024;
        link->out = realloc(link->out, link->out_room);
        if (!link->out) abort();
    }
    va_list values;
    va_start(values, format);
    link->out_length += (size_t)vsnprintf(link->out + link->out_length, 512, format, values);
    va_end(values);
}

static void reset(Link *link) {
    link->mail = false;
    link->recipients = 0;
}

static void begun(void) {
    if (!first) first = now();
}

static void taken(Link *link) {
    messages++;
    last = now();
    if (recipients) fprintf(recipients, "%s\n", link->recipient);
    if (dump) {
        fclose(dump);
        dump = NULL;
    }
    say(link, "250 2.0.0 taken\r\n");
    reset(link);
}

static void ehlo(Link *link) {
    say(link, "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n");
    if (pipelining) say(link, "250-PIPELINING\r\n");
    if (chunking) say(link, "250-CHUNKING\r\n");
    say(link, "250 SIZE 100000000\r\n");
    reset(link);
}

static void bdat(Link *link, const char *arguments) {
    char *end;
    link->left = strtoull(arguments, &end, 10);
    link->last = strcasestr(end, "LAST") != NULL;
    link->valid = link->mail && link->recipients;
    link->reading = CHUNK;
    if (link->valid) begun();
}

static void command(Link *link, char *line) {
    if (!strncasecmp(line, "MAIL", 4)) {
        if (link->mail) {
            say(link, "503 5.5.1 nested MAIL\r\n");
        } else {
            link->mail = true;
            say(link, "250 2.1.0 ok\r\n");
        }
    } else if (!strncasecmp(line, "RCPT", 4)) {
        char *open = strchr(line, '<'), *close = open ? strchr(open, '>') : NULL;
        if (!link->mail || !close) {
            say(link, "503 5.5.1 no MAIL, or no path\r\n");
        } else {
            *close = 0;
            snprintf(link->recipient, sizeof link->recipient, "%s", open + 1);
            link->recipients++;
            say(link, "250 2.1.5 ok\r\n");
        }
    } else if (!strncasecmp(line, "DATA", 4)) {
        if (!link->recipients) {
            say(link, "503 5.5.1 no recipient\r\n");
        } else {
            begun();
            link->reading = MESSAGE;
            link->seen = CRLF; /* a message may be empty: the dot may come first */
            say(link, "354 go on\r\n");
        }
    } else if (chunking && !strncasecmp(line, "BDAT ", 5)) {
        bdat(link, line + 5);
    } else if (!strncasecmp(line, "RSET", 4)) {
        reset(link);
        say(link, "250 2.0.0 ok\r\n");
    } else if (!strncasecmp(line, "EHLO", 4)) {
        ehlo(link);
    } else if (!strncasecmp(line, "HELO", 4)) {
        reset(link);
        say(link, "250 sink\r\n");
    } else if (!strncasecmp(line, "NOOP", 4)) {
        say(link, "250 2.0.0 ok\r\n");
    } else if (!strncasecmp(line, "QUIT", 4)) {
        say(link, "221 2.0.0 bye\r\n");
        link->closing = true;
    } else if (!strncasecmp(line, "XCOUNT", 6)) {
        if (recipients) fflush(recipients);
        say(link, "250 %llu %llu %llu %llu\r\n", (unsigned long long)messages, (unsigned long long)bytes,
            (unsigned long long)first, (unsigned long long)last);
    } else if (!strncasecmp(line, "XZERO", 5)) {
        messages = bytes = first = last = 0;
        say(link, "250 ok\r\n");
    } else {
        say(link, "500 5.5.2 what?\r\n");
    }
}

/* The bytes of `data` that belong to the message; *over when its end was among them. */
static size_t message_bytes(Link *link, const char *data, size_t size, bool *over) {
    size_t at = 0;
    int seen = link->seen;
    *over = false;
    while (at < size) {
        if (seen == NOTHING) { /* base64 has no dots: nearly everything is passed over here */
            const char *dot = memchr(data + at, '.', size - at);
            if (!dot) {
                if (size - at >= 2 && data[size - 2] == '\r' && data[size - 1] == '\n') seen = CRLF;
                else if (data[size - 1] == '\r') seen = CR;
                at = size;
                break;
            }
            size_t before = (size_t)(dot - (data + at));
            seen = before >= 2 && dot[-1] == '\n' && dot[-2] == '\r' ? DOT : NOTHING;
            at += before + 1;
            continue;
        }
        char c = data[at++];
        if (c == '\r') seen = seen == DOT ? DOT_CR : CR;
        else if (c == '\n' && seen == DOT_CR) { seen = END; break; }
        else if (c == '\n' && seen == CR) seen = CRLF;
        else if (c == '.' && seen == CRLF) seen = DOT;
        else seen = NOTHING;
    }
    *over = seen == END;
    link->seen = seen;
    return at;
}

static void chunk_over(Link *link) {
    link->reading = COMMAND;
    if (!link->valid) say(link, "503 5.5.1 no envelope\r\n");
    else if (link->last) taken(link);
    else say(link, "250 2.0.0 ok\r\n");
}

static void lines(Link *link, const char *data, size_t *at, size_t size) {
    const char *end = memchr(data + *at, '\n', size - *at);
    size_t length = (end ? (size_t)(end - data) + 1 : size) - *at;
    if (link->line_length + length >= LINE) {
        link->closing = true;
        *at = size;
        return;
    }
    memcpy(link->line + link->line_length, data + *at, length);
    link->line_length += length;
    *at += length;
    if (!end) return;
    link->line[link->line_length] = 0;
    link->line_length = 0;
    command(link, link->line);
}

static void receive(Link *link, const char *data, size_t size) {
    size_t at = 0;
    while (at < size && !link->closing) {
        if (link->reading == COMMAND) {
            lines(link, data, &at, size);
        } else if (link->reading == MESSAGE) {
            bool over;
            size_t used = message_bytes(link, data + at, size - at, &over);
            if (dump) fwrite(data + at, 1, used, dump);
            at += used;
            bytes += used;
            if (over) {
                link->reading = COMMAND;
                taken(link);
            }
        } else {
            size_t used = link->left < size - at ? link->left : size - at;
            if (dump && link->valid) fwrite(data + at, 1, used, dump);
            at += used;
            bytes += used;
            link->left -= used;
        }
        if (link->reading == CHUNK && !link->left) chunk_over(link);
    }
}

/* false: the link is over. */
static bool flush(Link *link) {
    size_t at = 0;
    while (at < link->out_length) {
        ssize_t sent = send(link->fd, link->out + at, link->out_length - at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) break;
        if (sent < 0) return false;
        at += (size_t)sent;
    }
    memmove(link->out, link->out + at, link->out_length - at);
    link->out_length -= at;
    struct epoll_event want = {.events = EPOLLIN | (link->out_length ? EPOLLOUT : 0), .data.ptr = link};
    if (at || link->out_length) epoll_ctl(poll_fd, EPOLL_CTL_MOD, link->fd, &want);
    return !(link->closing && !link->out_length);
}

static bool serve(Link *link) {
    for (int reads = 0; reads < READS && !link->closing; reads++) {
        bool drop = link->reading == CHUNK && !dump;
        size_t most = link->reading == COMMAND ? COMMANDS : BUFFER;
        if (drop) most = link->left;
        ssize_t got = recv(link->fd, buffer, most, drop ? MSG_TRUNC : 0);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) return false;
        if (drop) {
            bytes += (uint64_t)got;
            link->left -= (uint64_t)got;
            if (!link->left) chunk_over(link);
        } else {
            receive(link, buffer, (size_t)got);
        }
        if (link->out_length && !flush(link)) return false;
    }
    return flush(link);
}

static void over(Link *link) {
    close(link->fd);
    free(link->out);
    free(link);
}

static void welcome(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Link *link = calloc(1, sizeof *link);
    if (!link) abort();
    link->fd = fd;
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = link};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &want);
    say(link, "220 sink ESMTP\r\n");
    if (!flush(link)) over(link);
}

static int listen_somewhere(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 512)) {
        perror("sink");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static FILE *file(const char *name) {
    FILE *opened = fopen(name, "w");
    if (!opened) {
        perror(name);
        exit(1);
    }
    return opened;
}

int main(int count, char **words) {
    for (int option; (option = getopt(count, words, "cnd:r:")) != -1;) {
        if (option == 'c') chunking = true;
        else if (option == 'n') pipelining = false;
        else if (option == 'd') dump = file(optarg);
        else if (option == 'r') recipients = file(optarg);
        else return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_somewhere();
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &want);
    for (;;) {
        int ready = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            Link *link = events[i].data.ptr;
            if (!link) welcome(listener);
            else if (events[i].events & EPOLLIN ? !serve(link) : !flush(link)) over(link);
        }
    }
}
