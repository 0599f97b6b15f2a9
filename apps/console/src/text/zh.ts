import type { Happening } from '../model/journal.js';
import type { Explained, Texts } from './en.js';

function lost(reason: string): Explained {
  switch (reason) {
    case 'draining':
      return { title: '网关正在重启。', next: '页面会连接到另一个网关，从原处继续。不会丢失任何消息。' };
    case 'token_expired':
      return { title: '登录已过期。', next: '请用新的令牌登录；页面会从原处继续。' };
    case 'token_revoked':
      return { title: '运维人员撤销了您的登录。', next: '请申请新的令牌后重新登录。' };
    case 'slow_consumer':
      return { title: '页面读取太慢，网关断开了连接。', next: '页面会重新连接并补齐错过的消息。不会丢失任何消息。' };
    case 'replaced':
      return { title: '您的连接数已达上限，较新的连接取代了这一个。', next: '请关闭其他标签页。页面会自动重试。' };
    case 'unavailable':
      return { title: '网关暂时无法访问存储。', next: '页面会自动重试，并补齐错过的消息。' };
    case 'too_many':
      return { title: '您的连接太多。', next: '请关闭其他标签页。页面会自动重试。' };
    default:
      return { title: '连接已中断。', next: '页面会自动重新连接，并补齐错过的消息。' };
  }
}

function upstream(reason: string): Explained {
  if (reason === 'not_polled') {
    return {
      title: '目前没有进程查询工单系统：轮询进程都不在。',
      next: '进程恢复后，期间的所有消息都会送达。运维人员可在“运维”页查看。',
    };
  }
  return {
    title: `工单系统没有应答（${reason}）。`,
    next: '消息会迟到，但不会丢失：Pollcast 会不断重试，并送达期间的所有消息。',
  };
}

const revoked = (reason: string, tickets: string): Explained =>
  reason === 'rights'
    ? { title: `您已无权查看 ${tickets}。`, next: '这里不再收到它的新消息。如有需要，请申请权限后重新登录。' }
    : {
        title: `工单系统拒绝 Pollcast 的账号访问 ${tickets}。`,
        next: 'Pollcast 一分钟后会再次询问，之后间隔逐渐变长。恢复后，期间的所有消息都会送达。',
      };

const gap = (reason: string, tickets: string): Explained =>
  reason === 'history_truncated'
    ? {
        title: `${tickets} 的部分消息在这里缺失。`,
        next: '离开的时间超过了消息的保留时间。请在工单系统中查看缺失的消息；新消息照常到达。',
      }
    : {
        title: `${tickets} 的位置已失效。`,
        next: '保留的消息已全部重新发送。更早的消息可能缺失，请在工单系统中查看。',
      };

function denied(reason: string): Explained {
  if (reason === 'unauthorized') {
    return { title: '网关不接受此令牌。', next: '令牌有误、已过期或已被撤销。请换一个令牌登录。' };
  }
  return { title: `网关拒绝连接（${reason}）。`, next: '等待没有帮助，请联系运维人员。' };
}

export const zh: Texts = {
  locale: 'zh-CN',
  otherLanguage: 'English',
  productLine: '工单的新消息，出现即达。',
  nav: { conversations: '对话', operations: '运维', docs: '文档', main: '主导航', skip: '跳到消息' },
  theme: { label: '主题', auto: '自动', light: '浅色', dark: '深色' },
  signIn: {
    title: '登录',
    lead: '查看对话需要令牌，由您的应用提供。令牌只保存在此标签页，只发送给此网关。',
    leadOps: '运维需要管理令牌（网关的 ADMIN_TOKEN）。令牌只保存在此标签页，只发送给此网关。',
    token: '令牌',
    admin: '管理令牌',
    go: '登录',
    demo: '使用 npm start 时，请打开它打印的地址：其中带有令牌。',
    out: '退出',
    wrong: '此令牌未被接受。',
    closed: '此网关没有 /admin：未设置 ADMIN_TOKEN，或代理不对外提供。',
  },
  tickets: {
    title: '工单',
    filter: '搜索或添加工单',
    add: (id) => `关注 ${id}`,
    invalid: '工单号为 1 到 64 个可见字符，不含逗号。',
    empty: '还没有工单。请在上方输入工单号，然后按回车。',
    more: (count) => `令牌中还有 ${count} 个：请搜索`,
    news: (count) => `${count} 条新消息`,
    unread: '未读',
    read: '已读',
    statusHint: '工单系统中的阅读状态',
    remove: (id) => `不再关注 ${id}`,
    none: '还没有消息',
    refused: '被拒绝',
    back: '所有工单',
  },
  conversation: {
    choose: '请选择一个工单以查看消息。',
    waiting: '正在等待此工单的第一条消息。',
    pending: '工单系统尚未对此工单作出应答。',
    loading: '加载中',
    label: (id) => `${id} 的消息`,
    count: (count) => `${count} 条消息`,
    liveFromHere: '以下为实时消息',
    caughtUp: (count) => `已补齐 ${count} 条，没有丢失 · 恢复实时`,
    first: '首条消息',
    readStatus: '已读',
    unreadStatus: '未读',
    newBelow: (count) => `${count} 条新消息`,
    toNewest: '到最新',
    older: '正在加载更早的消息',
    oldest: '这是保留的最早的消息',
    attachments: '附件',
    upstreamTime: (time) => `工单系统中的时间：${time}`,
    announce: (name, content) => `${name}：${content}`,
  },
  roles: { customer: '客户', engineer: '工程师', 'third-party': '第三方' },
  connection: {
    label: '连接',
    idle: '没有关注工单',
    connecting: '连接中',
    retrying: (seconds) => `已断开，${seconds} 秒后重试`,
    live: '实时',
    degraded: '实时，但工单系统没有应答',
    offline: '离线',
    denied: '被拒绝',
    closed: '已关闭',
    transport: '传输方式',
    lastByte: '上次收到数据',
    ago: (seconds) => (seconds < 1 ? '刚刚' : `${seconds} 秒前`),
    latency: '延迟',
    latencyHint: '从工单系统应答到此页面：最新一条消息，以及最近消息的中位数',
    position: '位置',
    positionHint: '此位置之前的内容，页面已全部收到',
    never: '无',
    cut: '断开网络',
    heal: '重新连接',
    resume: '从某位置继续…',
    resumeTitle: '从某个位置继续',
    resumeLead: '页面会清空，网关重放该位置之后的内容。',
    resumeGo: '继续',
    cancel: '取消',
    tab: '再开一个标签页',
    retry: '重试',
    switches: '试一试',
  },
  journal: { title: '发生了什么', empty: '暂无。' },
  demo: {
    title: '让它说话',
    lead: '现在您在另一端：以某人的身份在工单系统中写消息，看它到达这里。',
    to: '工单',
    as: '身份',
    message: '消息',
    sample: '负载均衡又返回 502 了。',
    post: '发布',
    postMany: '发布 20 条',
    markRead: '标记已读',
    markUnread: '标记未读',
    breakUpstream: '弄坏工单系统',
    healUpstream: '修好工单系统',
    killWorker: '杀死轮询进程',
    killed: '轮询进程已被杀死（SIGKILL），新的正在启动。',
    broken: '工单系统对所有请求都应答 503。',
    failed: '没有成功。npm start 还在运行吗？',
    faults: '制造故障',
    proof: '没有丢失',
    proofLead: '打开此页面后在工单系统中发布的消息，以及到达这里的消息。',
    posted: '已发布',
    arrived: '已到达',
    missing: '缺失',
    doubled: '重复',
    onTheWay: (count) => `${count} 条在途`,
    all: '每条消息都到达了，且只到达一次。',
    after: (seconds) => `${seconds} 秒后`,
    waiting: '在途',
  },
  happening: (happening: Happening): Explained => {
    const tickets = 'caseIds' in happening ? happening.caseIds.join('、') : '';
    switch (happening.kind) {
      case 'live':
        return { title: '已连接。', next: '消息出现即达。' };
      case 'caught-up':
        return { title: `已补齐 ${happening.count} 条。`, next: '没有丢失。' };
      case 'lost':
        return lost(happening.reason);
      case 'offline':
        return { title: '没有网络。', next: '网络恢复后，页面会补齐错过的消息。' };
      case 'degraded':
        return upstream(happening.reason);
      case 'upstream-back':
        return { title: '工单系统恢复应答。', next: '期间的消息已全部到达。' };
      case 'denied':
        return denied(happening.reason);
      case 'gap':
        return gap(happening.reason, tickets);
      case 'revoked':
        return revoked(happening.reason, tickets);
      case 'resumed':
        return { title: '已从某个位置继续。', next: '该位置之后的内容已重放。' };
    }
  },
};
